//! How people use an application: what they ask it, and how they know that it knows them.

use super::super::http::Answer;
use super::Crowd;

/// Which application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Manners {
    /// The small one of these tests, `application.py`.
    #[default]
    Small,
    /// Open WebUI. Its people have been given accounts: who is named `NAME` has the address
    /// `NAME@example.com` and the password [`PASSWORD`].
    OpenWebUi,
}

/// Everybody's.
pub const PASSWORD: &str = "correct-horse-battery";

/// What is asked.
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: String,
}

impl Ask {
    fn get(path: &str) -> Self {
        Self { method: "GET", path: path.to_owned(), body: String::new() }
    }

    fn post(path: &str, body: String) -> Self {
        Self { method: "POST", path: path.to_owned(), body }
    }
}

impl Manners {
    /// Requests a second of all together, a tenth more than 200 so that a crowd that is still coming does not
    /// bring it below: a real application on two cores bears less.
    pub(super) fn requests_per_second(self) -> u32 {
        match self {
            Self::Small => 220,
            Self::OpenWebUi => 10,
        }
    }

    /// How the names of people begin, where they are known before; made up otherwise.
    pub(super) fn names(self, crowd: Crowd) -> Option<&'static str> {
        (self == Self::OpenWebUi).then_some(if crowd.people > 0 { "person" } else { "listener" })
    }

    /// The cookie that a session is.
    pub(super) fn session(self) -> &'static str {
        match self {
            Self::Small => "session",
            Self::OpenWebUi => "token",
        }
    }

    pub(super) fn sign_in(self, name: &str) -> Ask {
        match self {
            Self::Small => Ask::post(&format!("/login?{name}"), String::new()),
            Self::OpenWebUi => {
                let body =
                    serde_json::json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
                Ask::post("/api/v1/auths/signin", body.to_string())
            }
        }
    }

    pub(super) fn who_am_i(self) -> Ask {
        match self {
            Self::Small => Ask::get("/me"),
            Self::OpenWebUi => Ask::get("/api/v1/auths/"),
        }
    }

    /// Writes one row.
    pub(super) fn write(self) -> Ask {
        match self {
            Self::Small => Ask::post("/rows", String::new()),
            Self::OpenWebUi => {
                let chat = serde_json::json!({ "chat": { "title": "A chat", "messages": [] } });
                Ask::post("/api/v1/chats/new", chat.to_string())
            }
        }
    }

    /// Whether an answer knows the person; to a write, an application may answer without a name.
    pub(super) fn knows(self, answer: &Answer, name: &str) -> bool {
        let said = answer.json();
        match self {
            Self::Small => said["person"] == name,
            Self::OpenWebUi if said["email"].is_string() => said["email"] == format!("{name}@example.com"),
            Self::OpenWebUi => answer.status == 200 && said["id"].is_string(),
        }
    }

    /// Where a WebSocket is opened.
    pub(super) fn socket(self) -> &'static str {
        match self {
            Self::Small => "/socket",
            Self::OpenWebUi => "/ws/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// The statement that counts the rows of people whose names begin so.
    pub(super) fn rows_of(self, people: &str) -> String {
        match self {
            Self::Small => format!("SELECT count(*) FROM rows WHERE person LIKE '{people}%'"),
            Self::OpenWebUi => {
                format!(
                    "SELECT count(*) FROM chat JOIN \"user\" ON chat.user_id = \"user\".id WHERE \"user\".email LIKE '{people}%'"
                )
            }
        }
    }
}
