//! References that lead nowhere, elsewhere, or in a circle.

use super::cases::reports;

#[test]
fn what_leads_nowhere() {
    let report = reports(&[
        ("unknown block", &[("${cache.sessions.url_secret}", "${cache.session.url_secret}")]),
        ("unknown kind", &[("${cache.sessions.url_secret}", "${cashe.sessions.url_secret}")]),
        ("unknown attribute", &[("${load_balancer.main.dns_name}", "${load_balancer.main.dnsname}")]),
        ("no attribute", &[("${load_balancer.main.dns_name}", "${load_balancer.main}")]),
        (
            "unknown listener",
            &[("${load_balancer.main.listener.http}", "${load_balancer.main.listener.https}")],
        ),
        ("not a listener", &[("${load_balancer.main.listener.http}", "${load_balancer.main}")]),
        ("not a file system", &[("${external.files}", "${external.key}")]),
        ("not a secret", &[("${external.key.arn}", "${load_balancer.main.arn}")]),
        ("text around a secret", &[("${external.key.arn}", "key:${external.key.arn}")]),
        (
            "a secret as an environment variable",
            &[("MODE = \"plain\"", "MODE = \"${cache.sessions.url_secret}\"")],
        ),
        ("a database without a secret", &[("secret = \"web/database-url\"\n", "")]),
        (
            "no dashboard",
            &[
                ("[dashboard]\nname = \"web\"\n", ""),
                ("http://${load_balancer.main.dns_name}/", "${dashboard.url}"),
            ],
        ),
        ("a circle", &[("MODE = \"plain\"", "MODE = \"${service.web.arn}\"")]),
        (
            "a circle of two",
            &[
                ("MODE = \"plain\"", "MODE = \"${service.two.arn}\""),
                (
                    "[dashboard]",
                    "[service.two]\ncluster = \"main\"\nimage = \"x\"\ncpu = 256\nmemory = 512\ncount = 1\nport = 80\nexecution_role = \"arn:aws:iam::111122223333:role/execution\"\nenvironment = { WEB = \"${service.web.name}\" }\n[dashboard]",
                ),
            ],
        ),
        ("alarm on nothing", &[("on        = \"service.web\"", "on        = \"service.wep\"")]),
        (
            "alarm on what has no such value",
            &[("on        = \"service.web\"", "on        = \"load_balancer.main\"")],
        ),
        ("abort on nothing", &[("abort_on      = [\"high-cpu\"]", "abort_on      = [\"hig-cpu\"]")]),
        ("ignoring nothing", &[("service.web.count", "service.web.cuont")]),
        ("ignoring a whole block", &[("service.web.count", "service.web")]),
        ("no subnets", &[("allow_from   =", "subnets = \"public\"\nallow_from   =")]),
    ]);
    insta::assert_snapshot!(report);
}
