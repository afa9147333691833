//! Leading people elsewhere by the application: what is written, what is left,
//! and what is recorded of it.

use std::fmt::Write;

use pointsman_core::rollout::{
    Ending, Entry, Facts, Leads, Led, Move, Obstacle, Old, Patience, Phase, Purpose, Reason, Slot, Step,
    Track, Turned, Unsure, Why, entry, moves, outside, step,
};

use crate::given::{Kind, MINUTE, OPENED, old, opening, said, settings, track_of, well};

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

const MAINTENANCE: &str = "http://maintenance.example.com/";

#[test]
fn on_the_way_back_silence_is_not_enough_where_the_application_answers() {
    let track = track_of(Kind::Graph, Phase::SwitchBack, true);
    let (rollout, mut facts, now) = (track.open.clone().unwrap(), well(&track), OPENED + 3 * MINUTE);
    facts.sides.get_mut(Slot::B).quiet_for_ms = Some(3 * MINUTE);
    let next = |entry: Option<Entry>, facts: &Facts| step(&rollout, &Facts { entry, ..facts.clone() }, now);
    for elsewhere in [Entry::Balancer, Entry::Elsewhere] {
        let waits = Step::Wait { why: Why::StillLed(Patience::Left), until_ms: None };
        assert_eq!(next(Some(elsewhere), &facts), waits);
    }
    for enough in [Some(Entry::Old), None] {
        assert_eq!(next(enough, &facts), Step::Enter(Phase::DrainGreen));
    }
    facts.sides.get_mut(Slot::B).quiet_for_ms = Some(0);
    let waits = Step::Wait { why: Why::Leaving(Patience::Left), until_ms: None };
    assert_eq!(next(Some(Entry::Old), &facts), waits, "who is on the way is waited for");
}

#[test]
fn what_was_recorded_is_looked_at_again() {
    for (phase, led, found, after) in [
        (Phase::Switch, Led::There, TO, Led::There),
        (Phase::Switch, Led::There, FROM, Led::ByHand(Obstacle::NotKept { found: FROM.to_owned() })),
        (Phase::Switch, Led::ByHand(Obstacle::NotFound), FROM, Led::ByHand(Obstacle::NotFound)),
        (Phase::Switch, Led::ByHand(Obstacle::NotFound), TO, Led::There),
        (Phase::SwitchBack, Led::There, TO, Led::ByHand(Obstacle::NotKept { found: TO.to_owned() })),
        (Phase::SwitchBack, Led::ByHand(Obstacle::Unrecorded), FROM, Led::There),
        (Phase::Gate, Led::Ready, TO, Led::There),
        (Phase::Gate, Led::There, FROM, Led::Ready),
        (
            Phase::Gate,
            Led::Ready,
            MAINTENANCE,
            Led::ByHand(Obstacle::Elsewhere { found: MAINTENANCE.to_owned() }),
        ),
        (Phase::Bake, Led::There, FROM, Led::There),
    ] {
        let mut track = track_of(Kind::Graph, phase, true);
        track.open.as_mut().unwrap().led = Some(led.clone());
        track.saw_entry(entry(&recorded(None), found), found);
        assert_eq!(track.open.unwrap().led, Some(after), "{phase:?} {led:?} {found}");
    }
}

#[test]
fn who_was_led_there_before_anybody_agreed_is_led_back() {
    for is_seen_later in [false, true] {
        let mut track = Kind::Graph.opened(settings(), 3, OPENED);
        track.enter(Phase::Gate, OPENED);
        track.led(if is_seen_later { Led::Ready } else { Led::There });
        assert_eq!(track.open.as_ref().unwrap().moved, !is_seen_later);
        track.saw_entry(Entry::Balancer, TO);
        assert!(track.open.as_ref().unwrap().moved);
        track.abort(Reason::Asked(said(OPENED)), OPENED);
        track.enter(Phase::Return, OPENED);
        track.stood(OPENED);
        let facts = well(&track);
        let open = track.open.as_ref().unwrap();
        assert_eq!(step(open, &facts, OPENED), Step::Enter(Phase::SwitchBack));
        track.enter(Phase::SwitchBack, OPENED);
        let open = track.open.as_ref().unwrap();
        assert_eq!(outside(open).leads, None, "nobody agreed: a person leads them back");
    }
}

#[test]
fn where_it_led_first_is_kept_for_the_next_cut_over() {
    let again = |change: fn(&mut Old)| {
        let mut track = Track { live: Slot::B, old: Some(recorded(Some(FROM))), ..Track::default() };
        let mut opening = opening(settings());
        opening.purpose = Purpose::CutOver;
        opening.snapshot.old = Some(recorded(None));
        change(opening.snapshot.old.as_mut().unwrap());
        track.open(opening, OPENED).unwrap();
        let open = track.open.unwrap().snapshot.old.unwrap().internal_url;
        assert_eq!(open, track.old.unwrap().internal_url);
        open
    };
    assert_eq!(again(|_| {}).as_deref(), Some(FROM));
    assert_eq!(again(|old| old.application = Some("another".to_owned())), None);
    assert_eq!(again(|old| old.from = Some("http://other.web.local".to_owned())), None);
}

#[test]
fn nobody_says_that_people_are_back_who_knows_no_better() {
    let mut track = track_of(Kind::Graph, Phase::Bake, true);
    track.led(Led::There);
    track.abort(Reason::Asked(said(OPENED)), OPENED);
    assert_eq!(track.open.as_ref().unwrap().turned(), None, "nobody was led back yet");
    track.enter(Phase::SwitchBack, OPENED);
    track.led(Led::ByHand(Obstacle::NotFound));
    track.enter(Phase::Discard, OPENED);
    track.follow(&Step::End(Ending::Restored { why: None }), OPENED);
    let last = track.last.unwrap();
    assert_eq!(last.turned, None);
    assert_eq!(last.unsure, Some(Unsure { why: Obstacle::NotFound, to: Some(FROM.to_owned()) }));
}

#[test]
fn people_are_led_forward_only_while_an_approval_is_good() {
    let mut open = track_of(Kind::Graph, Phase::Switch, true).open.unwrap();
    let late = OPENED + open.settings.approval_ms;
    for (now, forward) in [(OPENED, true), (late - 1, true), (late, false)] {
        assert_eq!(open.may_lead(Leads::ToBalancer, now), forward);
        assert!(open.may_lead(Leads::ToOld, now));
    }
    open.approvals.clear();
    assert!(!open.may_lead(Leads::ToBalancer, OPENED) && !open.may_lead(Leads::ToOld, OPENED));
}
