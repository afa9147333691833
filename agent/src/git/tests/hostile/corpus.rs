//! What the config repo consists of.

use git2::{ObjectType, Oid, Repository};

use super::{super::Upstream, OUTSIDE};

const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_000;
const TREE: u32 = 0o40_000;
const MODULE: u32 = 0o160_000;

type Entry<'e> = (u32, &'e [u8], Oid);

/// A tree as it is asked for, whether Git would write it or not.
fn raw_tree(repository: &Repository, entries: &[Entry<'_>]) -> Oid {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend(format!("{mode:o} ").into_bytes());
        bytes.extend(*name);
        bytes.push(0);
        bytes.extend(id.as_bytes());
    }
    repository.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap()
}

fn raw_commit(repository: &Repository, tree: Oid, parents: &[Oid]) -> Oid {
    let mut text = format!("tree {tree}\n");
    for parent in parents {
        text.push_str(&format!("parent {parent}\n"));
    }
    text.push_str("author R <r@example.com> 1767603600 +0000\ncommitter R <r@example.com> 1767603600 +0000\n\na change\n");
    repository.odb().unwrap().write(ObjectType::Commit, text.as_bytes()).unwrap()
}

fn blob(repository: &Repository, content: &[u8]) -> Oid {
    repository.blob(content).unwrap()
}

/// One case: what it is called, and the commit.
pub(super) struct Case {
    pub(super) title: String,
    pub(super) commit: Oid,
}

pub(super) struct Corpus {
    pub(super) upstream: Upstream,
    pub(super) cases: Vec<Case>,
}

impl Corpus {
    pub(super) fn whole() -> Self {
        let mut corpus = Self { upstream: Upstream::new(), cases: Vec::new() };
        for family in [names, modes, links, bases, contents, bombs, histories] {
            family(&mut corpus);
        }
        corpus
    }

    fn repository(&self) -> &Repository {
        &self.upstream.repository
    }

    fn add(&mut self, title: impl Into<String>, root: Oid) {
        let commit = raw_commit(self.repository(), root, &[]);
        self.cases.push(Case { title: title.into(), commit });
    }

    /// A root with one folder of environments.
    fn root(&self, environments: &[Entry<'_>]) -> Oid {
        let below = raw_tree(self.repository(), environments);
        raw_tree(self.repository(), &[(TREE, b"environments", below)])
    }

    fn file(&self, name: &[u8], content: &[u8]) -> Oid {
        self.root(&[(FILE, name, blob(self.repository(), content))])
    }
}

const NAMES: &[&[u8]] = &[
    b"..",
    b".",
    b".git",
    b".GIT",
    b"git~1",
    b".git.toml",
    b"a/../../b.toml",
    b"/etc/passwd",
    b"a\\..\\b.toml",
    b"CON",
    b"NUL.toml",
    b"aux.toml",
    b"C:.toml",
    b"\\\\server\\share.toml",
    b" .toml",
    b"a .toml ",
    b"-rf.toml",
    b"--upload-pack=id.toml",
    b"$(id).toml",
    b"`id`.toml",
    b";id;.toml",
    b"|id.toml",
    b"&id.toml",
    b">id.toml",
    b"\n.toml",
    b"a\r\nb.toml",
    b"\t.toml",
    b"\x1b[2J.toml",
    b"\x07.toml",
    b"\x08\x08.toml",
    "\u{202e}lmot.toml".as_bytes(),
    "\u{200b}.toml".as_bytes(),
    "\u{feff}.toml".as_bytes(),
    "e\u{301}.toml".as_bytes(),
    "\u{e9}.toml".as_bytes(),
    "\u{1f600}.toml".as_bytes(),
    "\u{430}.toml".as_bytes(),
    b"\xff\xfe.toml",
    b"\xc0\xaf.toml",
    b"\xed\xa0\x80.toml",
    b".toml",
    b"_.toml",
    b"a.TOML",
    b"a..toml",
    b"a.toml.",
    b"%2e%2e%2f.toml",
    b"*.toml",
    b"[a].toml",
    b"{a}.toml",
    b"~root.toml",
    b"@{u}.toml",
    b"HEAD",
    b"packed-refs",
    b".gitmodules",
    b".gitattributes",
    b"a:b.toml",
    b"a\"b.toml",
    b"a'b.toml",
    b"<b>.toml",
    b"@everyone.toml",
    b"](x).toml",
    b"|table|.toml",
];

fn names(corpus: &mut Corpus) {
    for name in NAMES {
        let root = corpus.file(name, b"schema = 1\n");
        corpus.add(format!("the name {:?}", String::from_utf8_lossy(name)), root);
    }
    for length in [255, 4_096, 100_000] {
        let name = [vec![b'a'; length], b".toml".to_vec()].concat();
        let root = corpus.file(&name, b"schema = 1\n");
        corpus.add(format!("a name of {length} letters"), root);
    }
    let twice = {
        let id = blob(corpus.repository(), b"a = 1\n");
        corpus.root(&[(FILE, b"a.toml", id), (FILE, b"a.toml", id)])
    };
    corpus.add("one name twice", twice);
    let unsorted = {
        let id = blob(corpus.repository(), b"a = 1\n");
        corpus.root(&[(FILE, b"b.toml", id), (FILE, b"a.toml", id)])
    };
    corpus.add("names out of order", unsorted);
}

fn modes(corpus: &mut Corpus) {
    let content = blob(corpus.repository(), b"schema = 1\n");
    let folder = raw_tree(corpus.repository(), &[(FILE, b"a.toml", content)]);
    let commit = raw_commit(corpus.repository(), folder, &[]);
    let absent = Oid::from_str(&"1".repeat(40)).unwrap();
    let modes = [
        0, 1, FILE, 0o100_755, 0o100_664, 0o100_600, 0o104_755, 0o102_755, LINK, TREE, MODULE, 0o140_000,
        0o60_000, 0o777_777,
    ];
    for (what, id) in [("a blob", content), ("a tree", folder), ("a commit", commit), ("nothing", absent)] {
        for mode in modes {
            let root = corpus.root(&[(mode, b"a.toml", id)]);
            corpus.add(format!("mode {mode:o} of {what}"), root);
        }
    }
}

fn links(corpus: &mut Corpus) {
    let outside = corpus.upstream.folder.path().join("outside.toml");
    std::fs::write(&outside, format!("[owner]\nteam = \"{OUTSIDE}\"\n")).unwrap();
    let outside = outside.display().to_string();
    let long = "a/".repeat(500_000);
    let targets = [
        outside.as_str(),
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        "../../../..",
        ".",
        "",
        "a.toml",
        "..\\..\\a",
        &long,
    ];
    for target in targets {
        let link = blob(corpus.repository(), target.as_bytes());
        let shown: String = target.chars().take(20).collect();
        let heir = blob(corpus.repository(), b"extends = \"a.toml\"\n");
        let root = corpus.root(&[(LINK, b"a.toml", link), (FILE, b"b.toml", heir)]);
        corpus.add(format!("a base that is a link to `{shown}`"), root);
        for folder in ["environments", "policies"] {
            let root = raw_tree(corpus.repository(), &[(LINK, folder.as_bytes(), link)]);
            corpus.add(format!("{folder}/ is a link to `{shown}`"), root);
        }
    }
    for folder in [&b"environments"[..], b"policies"] {
        let module = Oid::from_str(&"2".repeat(40)).unwrap();
        let root = raw_tree(corpus.repository(), &[(MODULE, folder, module)]);
        corpus.add(format!("{}/ is a submodule", String::from_utf8_lossy(folder)), root);
    }
    // Its address is an option, a command, a file.
    for url in ["--upload-pack=id", "ext::sh -c id", "file:///etc", "-oProxyCommand=id"] {
        let text = format!("[submodule \"a\"]\n\tpath = environments/a\n\turl = {url}\n");
        let (modules, id) =
            (blob(corpus.repository(), text.as_bytes()), Oid::from_str(&"3".repeat(40)).unwrap());
        let below = raw_tree(corpus.repository(), &[(MODULE, b"a", id)]);
        let root =
            raw_tree(corpus.repository(), &[(FILE, b".gitmodules", modules), (TREE, b"environments", below)]);
        corpus.add(format!("a submodule at `{url}`"), root);
    }
}

fn bases(corpus: &mut Corpus) {
    let outside = corpus.upstream.folder.path().join("outside.toml").display().to_string();
    let up = format!("../../../../../../../..{outside}");
    let paths = [
        outside.as_str(),
        &up,
        "..",
        ".",
        "",
        "/",
        "//",
        "~/.aws/credentials",
        "file:///etc/passwd",
        "https://example.com/a.toml",
        "a.toml",
        "./a.toml",
        "../environments/a.toml",
        "../environments/../environments/a.toml",
        "..\\..\\a.toml",
        "a.toml/..",
        "a.toml/",
        "../.git/config",
        "../.gitattributes",
        "$(id)",
        "%2e%2e/a.toml",
        "a\\u0000b",
        "\\u202ea",
        "../policies/one.rego",
        "b.toml",
        "*.toml",
    ];
    for path in paths {
        let text = format!("extends = \"{path}\"\n");
        let root = corpus.file(b"a.toml", text.as_bytes());
        corpus.add(format!("extends `{path}`"), root);
    }
    let chain: Vec<(Vec<u8>, Oid)> = (0..300)
        .map(|n| {
            let text = format!("extends = \"_{:03}.toml\"\n", n + 1);
            (format!("_{n:03}.toml").into_bytes(), blob(corpus.repository(), text.as_bytes()))
        })
        .collect();
    let mut entries: Vec<Entry<'_>> = chain.iter().map(|(name, id)| (FILE, name.as_slice(), *id)).collect();
    entries.push((FILE, b"a.toml", blob(corpus.repository(), b"extends = \"_000.toml\"\n")));
    let root = corpus.root(&entries);
    corpus.add("a chain of 300 bases", root);
}

fn contents(corpus: &mut Corpus) {
    let contents: [(&str, Vec<u8>); 12] = [
        ("nothing", Vec::new()),
        ("a byte more than may be", vec![b'#'; 1024 * 1024 + 1]),
        ("no text", vec![0xff; 4_096]),
        ("UTF-16", b"\xff\xfea\0 \0=\0 \x001\0".to_vec()),
        ("a mark of byte order", b"\xef\xbb\xbfschema = 1\n".to_vec()),
        ("zeros", vec![0; 4_096]),
        (
            "a pointer to elsewhere",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".to_vec(),
        ),
        ("colours", b"schema = \"\x1b[31m\"\n".to_vec()),
        ("lines of another system", b"schema = 1\r\nextends = 5\r\n".to_vec()),
        ("old lines", b"schema = 1\rextends = 5\r".to_vec()),
        ("a conflict", b"<<<<<<< HEAD\nschema = 1\n=======\nschema = 2\n>>>>>>> other\n".to_vec()),
        ("brackets", vec![b'['; 1024 * 1024]),
    ];
    for (what, content) in contents {
        for name in [&b"a.toml"[..], b"_base.toml"] {
            let root = corpus.file(name, &content);
            corpus.add(format!("{} holds {what}", String::from_utf8_lossy(name)), root);
        }
        let policy = blob(corpus.repository(), &content);
        let below = raw_tree(corpus.repository(), &[(0o100_755, b"data.json", policy)]);
        let root = raw_tree(corpus.repository(), &[(TREE, b"policies", below)]);
        corpus.add(format!("a policy's data hold {what}"), root);
    }
}

/// What is small to send and large to read.
fn bombs(corpus: &mut Corpus) {
    let content = blob(corpus.repository(), b"a = 1\n");
    let mut wide = raw_tree(corpus.repository(), &[(FILE, b"a.toml", content)]);
    for _ in 0..10 {
        let names: Vec<String> = (0..10).map(|n| format!("d{n}")).collect();
        let entries: Vec<Entry<'_>> = names.iter().map(|name| (TREE, name.as_bytes(), wide)).collect();
        wide = raw_tree(corpus.repository(), &entries);
    }
    corpus.add("ten folders in ten folders, ten times", wide);
    for depth in [40, 5_000] {
        let mut deep = raw_tree(corpus.repository(), &[(FILE, b"a.toml", content)]);
        for _ in 0..depth {
            deep = raw_tree(corpus.repository(), &[(TREE, b"environments", deep)]);
        }
        corpus.add(format!("{depth} folders deep"), deep);
    }
    let large = blob(corpus.repository(), &vec![b'#'; 1024 * 1024]);
    let names: Vec<String> = (0..2_000).map(|n| format!("e{n:04}.toml")).collect();
    let entries: Vec<Entry<'_>> = names.iter().map(|name| (FILE, name.as_bytes(), large)).collect();
    let root = corpus.root(&entries);
    corpus.add("one large file two thousand times", root);
    let names: Vec<String> = (0..200_000).map(|n| format!("e{n:06}.toml")).collect();
    let entries: Vec<Entry<'_>> = names.iter().map(|name| (FILE, name.as_bytes(), content)).collect();
    let root = corpus.root(&entries);
    corpus.add("two hundred thousand files", root);
}

fn histories(corpus: &mut Corpus) {
    let tree = corpus.file(b"a.toml", b"schema = 1\n");
    let (absent, content) = (Oid::from_str(&"4".repeat(40)).unwrap(), blob(corpus.repository(), b"x"));
    let first = raw_commit(corpus.repository(), tree, &[]);
    let many: Vec<Oid> = vec![first; 200];
    let mut long = first;
    for _ in 0..2_000 {
        long = raw_commit(corpus.repository(), tree, &[long]);
    }
    let commits = [
        ("without its tree", raw_commit(corpus.repository(), absent, &[])),
        ("whose tree is a blob", raw_commit(corpus.repository(), content, &[])),
        ("without its parent", raw_commit(corpus.repository(), tree, &[absent])),
        ("whose parent is a tree", raw_commit(corpus.repository(), tree, &[tree])),
        ("of 200 parents, all the same", raw_commit(corpus.repository(), tree, &many)),
        ("after 2,000 others", long),
    ];
    for (what, commit) in commits {
        corpus.cases.push(Case { title: format!("a commit {what}"), commit });
    }
    for (what, bytes) in [
        ("nothing", &b""[..]),
        ("no text", b"\xff\xff\xff"),
        ("a tree's name alone", b"tree 1111\n"),
        ("no author", b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nx"),
    ] {
        let written = corpus.repository().odb().unwrap().write(ObjectType::Commit, bytes);
        if let Ok(commit) = written {
            corpus.cases.push(Case { title: format!("a commit that holds {what}"), commit });
        }
    }
}
