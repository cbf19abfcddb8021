//! The HTML of `/authorize`.

use reqwest::Url;

use crate::html::escaped;
use crate::simulator::SimulatorConfig;
use crate::simulator::params::Params;
use crate::simulator::users::User;

/// Parameters of the request that the form returns.
const KEPT: [&str; 5] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "view",
];

const STYLE: &str = "\
body { margin: 0; background: #f4f5f7; color: #1f2328; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 26rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border-radius: .5rem;
       box-shadow: 0 1px 4px rgba(0, 0, 0, .15); overflow-wrap: anywhere }
h1 { margin: 0 0 1rem; font-size: 1.25rem }
label, select, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
select, button { margin-top: .5rem; padding: .6rem; border: 1px solid #8c959f; border-radius: .375rem;
                 background: #fff; color: inherit }
button[value=authorise] { margin-top: 1.25rem; border-color: #d9480f; background: #d9480f; color: #fff }
.note { margin: 1.25rem 0 0; color: #59636e; font-size: .875rem }";

/// The page on which a user authorises or refuses the app.
pub(super) fn authorise(
    config: &SimulatorConfig,
    users: &[User],
    params: &Params,
    target: &Url,
) -> String {
    let app = escaped(&config.app_key);
    let target = escaped(target.host_str().unwrap_or_default());
    let hidden: String = KEPT
        .iter()
        .filter_map(|name| Some((name, params.get(*name)?)))
        .map(|(name, value)| {
            let value = escaped(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n")
        })
        .collect();
    let options: String = users
        .iter()
        .map(|user| {
            let (account, nick) = (escaped(&user.account), escaped(&user.nick));
            let id = user.user_id;
            format!("<option value=\"{account}\">{nick} ({id})</option>\n")
        })
        .collect();
    let content = format!(
        "<h1>Authorise app <span id=\"app\">{app}</span></h1>
<p>The app will book, pay for and change flights for the Taobao user, and receive messages about the orders.
You then return to <strong id=\"target\">{target}</strong>.</p>
<form id=\"authorisation\" method=\"post\" action=\"/authorize\">
{hidden}<label for=\"user\">Taobao user</label>
<select id=\"user\" name=\"user\">
{options}</select>
<button id=\"authorise\" type=\"submit\" name=\"decision\" value=\"authorise\">Authorise</button>
<button id=\"refuse\" type=\"submit\" name=\"decision\" value=\"refuse\">Refuse</button>
</form>"
    );
    document("Authorise an app", &content)
}

/// The page for a request that must not lead to a redirect.
pub(super) fn error(why: &str) -> String {
    let why = escaped(why);
    let content =
        format!("<h1>The app cannot be authorised</h1>\n<p id=\"error\" role=\"alert\">{why}</p>");
    document("Error", &content)
}

fn document(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{title} – TOP simulator</title>
<style>
{STYLE}
</style>
</head>
<body>
<main>
{content}
<p class=\"note\">This is the TOP simulator, not Taobao.</p>
</main>
</body>
</html>
"
    )
}
