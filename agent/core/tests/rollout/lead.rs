//! Leading people elsewhere by the application: what is written, what is left,
//! and what is recorded of it.

use std::fmt::Write;

use pointsman_core::rollout::{
    Ending, Leads, Led, Move, Obstacle, Old, Phase, Purpose, Step, Track, Turned, moves, outside,
};

use crate::given::{Kind, OPENED, old, said, settings, track_of};

const FROM: &str = "http://old-web.web.local:8080";
const TO: &str = "http://internal-web.elb.amazonaws.com";

fn recorded(url: Option<&str>) -> Old {
    Old { internal_url: url.map(str::to_owned), ..old(Kind::Graph, 3) }
}

#[test]
fn it_is_written_from_one_of_the_two_and_to_the_other() {
    let mut text = String::new();
    let found = [
        FROM,
        "HTTP://Old-Web.web.local:8080/",
        TO,
        "http://internal-web.elb.amazonaws.com:80/",
        "https://internal-web.elb.amazonaws.com/",
        "http://old-web.web.local:8080/app",
        "http://old-web.web.local/",
        "http://maintenance.example.com/",
        "",
        "nothing",
    ];
    for (wanted, before) in [
        (Leads::ToBalancer, None),
        (Leads::ToBalancer, Some("http://old-web.web.local:8080/")),
        (Leads::ToOld, Some("http://old-web.web.local:8080/")),
        (Leads::ToOld, None),
    ] {
        let _ = writeln!(text, "{wanted:?}, recorded: {before:?}");
        for found in found {
            let answer = match moves(&recorded(before), wanted, found) {
                Move::Nothing => "leads there".to_owned(),
                Move::Write(url) => format!("WRITE {url}"),
                Move::Leave(Obstacle::Elsewhere { .. }) => "leave: somebody else's".to_owned(),
                Move::Leave(why) => format!("leave: {why:?}"),
            };
            let _ = writeln!(text, "    {found:<46} {answer}");
        }
    }
    insta::assert_snapshot!(text);
}

/// Whatever is found, nothing but one of the two is ever written, and only over the other one.
#[test]
fn where_nothing_is_known_nothing_is_written() {
    for nowhere in [Old { from: None, ..recorded(None) }, Old { to: None, ..recorded(Some(FROM)) }] {
        for wanted in [Leads::ToBalancer, Leads::ToOld] {
            for found in [FROM, TO, "http://other.example.com"] {
                assert_eq!(moves(&nowhere, wanted, found), Move::Leave(Obstacle::Unrecorded));
            }
        }
    }
}

#[test]
fn only_two_phases_lead_and_only_with_an_approval() {
    for phase in [Phase::ScaleUp, Phase::Gate, Phase::Bake, Phase::Cleanup, Phase::BlueFirst, Phase::Return] {
        assert_eq!(outside(&track_of(Kind::Graph, phase, true).open.unwrap()).leads, None, "{phase:?}");
    }
    for (phase, leads) in [(Phase::Switch, Leads::ToBalancer), (Phase::SwitchBack, Leads::ToOld)] {
        let mut open = track_of(Kind::Graph, phase, false).open.unwrap();
        assert_eq!(outside(&open).leads, Some(leads));
        open.approvals.clear();
        assert_eq!(outside(&open).leads, None, "nobody agreed");
        open.purpose = Purpose::ToOld;
        assert_eq!(outside(&open).leads, Some(leads), "nobody need agree to going back");
        assert_eq!(outside(&track_of(Kind::Manual, phase, false).open.unwrap()).leads, None);
    }
}

#[test]
fn what_came_of_it_is_recorded_once_in_a_phase() {
    let mut track = track_of(Kind::Graph, Phase::Switch, false);
    track.found_internal_url("http://old-web.web.local:8080/");
    let kept = |track: &Track| {
        let open = track.open.as_ref().and_then(|open| open.snapshot.old.clone());
        [open, track.old.clone()].map(|old| old.and_then(|old| old.internal_url))
    };
    assert_eq!(kept(&track), [(); 2].map(|()| Some("http://old-web.web.local:8080/".to_owned())));
    track.led(Led::There);
    track.led(Led::ByHand(Obstacle::NotFound));
    assert_eq!(track.open.as_ref().unwrap().led, Some(Led::There));
    track.enter(Phase::Bake, OPENED);
    assert_eq!(track.open.as_ref().unwrap().led, Some(Led::There), "what stands is known until the end");

    let (from, to) = ("http://old-web.web.local:8080/".to_owned(), TO.to_owned());
    let mut cut_over = track.clone();
    cut_over.follow(&Step::End(Ending::Released), OPENED);
    assert_eq!(cut_over.last.unwrap().turned, Some(Turned { from: from.clone(), to: to.clone() }));

    track.enter(Phase::SwitchBack, OPENED);
    assert_eq!(track.open.as_ref().unwrap().led, None, "it is tried anew on the way back");
    track.led(Led::There);
    track.enter(Phase::Discard, OPENED);
    track.follow(&Step::End(Ending::Restored { why: None }), OPENED);
    assert_eq!(track.last.unwrap().turned, Some(Turned { from: to, to: from }));
}

#[test]
fn whoever_was_never_led_was_not_turned() {
    let mut track = Kind::Graph.opened(settings(), 3, OPENED);
    track.enter(Phase::Gate, OPENED);
    track.led(Led::There);
    track.open.as_mut().unwrap().approvals.push(said(OPENED));
    assert_eq!(track.open.as_ref().unwrap().turned(), None);
}
