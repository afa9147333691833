//! What is recorded, and what is refused.

use pointsman_core::rollout::{
    Ending, Opening, Phase, Purpose, Reason, Refusal, Said, Settings, Slot, Snapshot, Step, Tasks, Track,
    Word, layout,
};

use crate::given::{OPENED, opening, said, settings, snapshot, track};

#[test]
fn a_rollout_is_opened_once_and_to_the_other_side() {
    let mut track = Track::default();
    let elsewhere = Snapshot { live: Slot::B, ..snapshot(3) };
    let wrong = Opening { snapshot: elsewhere, ..opening(settings()) };
    assert_eq!(track.open(wrong, OPENED), Err(Refusal::NotLive));
    let back = Opening { purpose: Purpose::Back, ..opening(settings()) };
    assert_eq!(track.open(back.clone(), OPENED), Err(Refusal::NothingIdle));
    assert_eq!(track.open(opening(settings()), OPENED), Ok(()));
    assert_eq!(track.open(opening(settings()), OPENED), Err(Refusal::AlreadyOpen));
    assert_eq!(track.open.as_ref().unwrap().to, Slot::B);

    track.follow(&Step::End(Ending::Released), OPENED + 1);
    assert_eq!((track.live, track.open.is_none()), (Slot::B, true));
    assert_eq!(track.idle.as_ref().unwrap().task_definition, "web:1");
    assert_eq!(layout(&track).tasks.a, Some(Tasks::Zero), "the way back stays");

    let back = Opening { snapshot: Snapshot { live: Slot::B, ..snapshot(3) }, ..back };
    assert_eq!(track.open(back, OPENED + 2), Ok(()));
    track.follow(&Step::Abort { why: Reason::GaveUp("no".to_owned()) }, OPENED + 3);
    track.follow(&Step::End(Ending::Restored { why: None }), OPENED + 4);
    assert_eq!(track.live, Slot::B);
    assert!(track.idle.is_some(), "what could not be gone back to is still there");
}

#[test]
fn a_release_that_failed_is_no_way_back() {
    let mut track = track(Phase::Discard, true);
    track.follow(&Step::End(Ending::Restored { why: None }), OPENED);
    assert_eq!(track.live, Slot::A);
    assert_eq!(track.idle, None);
    assert_eq!(layout(&track).tasks.b, None);
}

#[test]
fn nothing_running_is_rolled_out_with_one_task() {
    let mut track = Track::default();
    track.open(Opening { snapshot: snapshot(0), ..opening(Settings::default()) }, OPENED).unwrap();
    assert_eq!(layout(&track).tasks.b, Some(Tasks::Held(1)));
}

#[test]
fn people_are_heard_while_it_matters() {
    assert_eq!(Track::default().say(Word::Abort, said(OPENED)), Err(Refusal::NothingOpen));
    let another = Said { plan: "another".to_owned(), ..said(OPENED) };
    for word in [Word::Approve, Word::Abort, Word::Promote] {
        for phase in crate::table::PHASES {
            let wanted = if phase.can_abort() { Ok(()) } else { Err(Refusal::TooLate) };
            assert_eq!(track(phase, true).say(word, said(OPENED)), wanted, "{word:?} {phase:?}");
        }
        let wanted = if word == Word::Approve { Err(Refusal::OtherPlan) } else { Ok(()) };
        assert_eq!(track(Phase::Gate, true).say(word, another.clone()), wanted, "{word:?}");
    }
}

#[test]
fn the_first_reason_and_the_first_word_are_kept() {
    let mut track = track(Phase::Bake, true);
    track.say(Word::Abort, said(1)).unwrap();
    track.say(Word::Abort, said(2)).unwrap();
    assert_eq!(track.open.as_ref().unwrap().abort, Some(said(1)));
    track.abort(Reason::GaveUp("first".to_owned()), OPENED);
    track.abort(Reason::GaveUp("second".to_owned()), OPENED);
    assert_eq!(track.open.unwrap().why, Some(Reason::GaveUp("first".to_owned())));
}
