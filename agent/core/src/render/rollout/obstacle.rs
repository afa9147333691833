use super::super::paint::plain;
use crate::rollout::Obstacle;

/// What the agent needs in Microsoft Entra.
const NEEDS: &str = "Microsoft documents this for signed-in persons only. As an application it needs the permission Application.ReadWrite.All, or Application.ReadWrite.OwnedBy as an owner of the application, with an administrator's consent; where that is not enough, the role Application Administrator as well.";

/// Why the agent cannot lead people elsewhere, in a sentence or two.
pub fn obstacle(why: &Obstacle) -> String {
    match why {
        Obstacle::Unconfigured { what } => {
            format!("The agent cannot ask Microsoft Graph: {}.", plain(what))
        }
        Obstacle::Unlisted => {
            "The agent's own configuration does not list the application for this environment: where that is right, add it to `applications` under [entra] in pointsman.toml.".to_owned()
        }
        Obstacle::SignIn { status, code } => format!(
            "Microsoft Entra refused the agent's sign-in ({status}, `{}`): look at AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret.",
            plain(code)
        ),
        Obstacle::Refused { status: status @ (401 | 403), code } => {
            format!("Microsoft Graph refused it ({status}, `{}`). {NEEDS}", plain(code))
        }
        Obstacle::Refused { status, code } => {
            format!("Microsoft Graph refused it ({status}, `{}`).", plain(code))
        }
        Obstacle::NotFound => {
            "Microsoft Graph knows no such application: `application` is the Object ID of its registration, not its client ID.".to_owned()
        }
        Obstacle::Unpublished => {
            "Microsoft Graph says nothing of an Internal Url: the application is not published by the application proxy, or the agent may not read that.".to_owned()
        }
        Obstacle::Unanswered { why } => format!("Microsoft Graph gave no answer: {}.", plain(why)),
        Obstacle::Elsewhere { found } => format!(
            "Internal Url is `{}`, which is neither FROM nor TO: somebody else set it, and the agent does not write over it.",
            plain(found)
        ),
        Obstacle::NotKept { found } => format!(
            "Microsoft Graph took the change, and answers that Internal Url is `{}`.",
            plain(found)
        ),
        Obstacle::Unrecorded => {
            "It was never recorded where the application led before, so the agent does not lead it back."
                .to_owned()
        }
        Obstacle::Unapproved => {
            "No approval of the plan is good, so the agent writes nothing of the application.".to_owned()
        }
    }
}
