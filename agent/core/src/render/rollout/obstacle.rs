use super::super::paint::plain;
use crate::rollout::Obstacle;

/// What the agent needs in Microsoft Entra.
const NEEDS: &str = "It needs the application permission Application.ReadWrite.All, or Application.ReadWrite.OwnedBy as an owner of the application, with an administrator's consent; Microsoft does not say that one of them is enough for the application proxy: where it is not, the role Application Administrator as well.";

/// Why the agent cannot lead people elsewhere, in a sentence or two.
pub fn obstacle(why: &Obstacle) -> String {
    match why {
        Obstacle::Unconfigured { what } => {
            format!("The agent cannot ask Microsoft Graph: {}.", plain(what))
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
            "Microsoft Graph took the change, and still answers that Internal Url is `{}`.",
            plain(found)
        ),
        Obstacle::Unrecorded => {
            "It was never recorded where the application led before, so the agent does not lead it back."
                .to_owned()
        }
    }
}
