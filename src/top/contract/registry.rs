//! The embedded contract files, parsed once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

/// One file per method, in the format of TOP's own API metadata.
const FILES: [&str; 16] = [
    include_str!("../../../openapi/top/alitrip.flight.service.search.json"),
    include_str!("../../../openapi/top/alitrip.flight.service.airbook.json"),
    include_str!("../../../openapi/top/alitrip.flight.service.pay.json"),
    include_str!("../../../openapi/top/alitrip.flight.service.close.json"),
    include_str!("../../../openapi/top/alitrip.flight.service.queryorderlist.json"),
    include_str!("../../../openapi/top/alitrip.flight.service.queryorderdetail.json"),
    include_str!("../../../openapi/top/alitrip.flight.service.upload.json"),
    include_str!("../../../openapi/top/alitrip.flight.refund.render.json"),
    include_str!("../../../openapi/top/alitrip.flight.refund.create.json"),
    include_str!("../../../openapi/top/alitrip.flight.refund.detail.json"),
    include_str!("../../../openapi/top/alitrip.flight.refund.list.json"),
    include_str!("../../../openapi/top/alitrip.flight.change.order.create.json"),
    include_str!("../../../openapi/top/alitrip.flight.change.order.cancel.json"),
    include_str!("../../../openapi/top/alitrip.flight.change.order.pay.json"),
    include_str!("../../../openapi/top/alitrip.flight.change.order.query.json"),
    include_str!("../../../openapi/top/alitrip.flight.flightchange.order.query.json"),
];

/// The type of one value. For a list, the type of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    String,
    /// A JSON number, whole or with decimals.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `yyyy-MM-dd HH:mm:ss`, at +08:00.
    Date,
    /// A file (`byte[]`): a multipart part, never signed.
    Bytes,
    /// An object.
    Object,
}

/// One field of a request or a response.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Name on the wire, according to the contract.
    pub name: String,
    /// Type of the value, or of each element of a list.
    pub kind: Kind,
    /// True for a list.
    pub list: bool,
    /// Whether the field must be present whenever its parent is.
    pub required: bool,
    /// The closed set of values, if one is known.
    pub values: Vec<Value>,
    /// Name of the wrapper that TOP puts around the list in a response.
    pub wrapper: Option<String>,
    /// Fields of an object.
    pub children: Vec<Node>,
}

/// The contract of one method.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodContract {
    /// The full name, such as `alitrip.flight.service.search`.
    pub name: String,
    /// Application parameters. An object parameter is one form field that contains JSON text.
    pub request: Vec<Node>,
    /// Members of the response's root object.
    pub response: Vec<Node>,
}

impl MethodContract {
    /// Reads one file in the format of TOP's API metadata.
    ///
    /// # Errors
    /// When the text has another format.
    fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let file: MethodFile = serde_json::from_str(text)?;
        Ok(Self {
            name: file.name,
            request: file.request.into_iter().map(Node::from).collect(),
            response: file.response.into_iter().map(Node::from).collect(),
        })
    }

    /// Name of the response's root member: dots become underscores, `_response` is appended, a
    /// leading `taobao.` is removed (documented).
    #[must_use]
    pub fn root(&self) -> String {
        let name = self.name.strip_prefix("taobao.").unwrap_or(&self.name);
        format!("{}_response", name.replace('.', "_"))
    }

    /// The object parameter of the request, if the method has one.
    #[must_use]
    pub fn object_param(&self) -> Option<&Node> {
        let is_object = |node: &&Node| matches!(node.kind, Kind::Object);
        self.request.iter().find(is_object)
    }
}

/// All known methods.
#[derive(Debug, Clone)]
pub struct Registry {
    methods: BTreeMap<String, MethodContract>,
}

impl Registry {
    /// The contract embedded in the program.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the files are part of the program; a test reads them all"
    )]
    pub fn embedded() -> &'static Registry {
        static EMBEDDED: LazyLock<Registry> =
            LazyLock::new(|| Registry::parse(&FILES).expect("the embedded contract files"));
        &EMBEDDED
    }

    /// Builds a registry from these files.
    ///
    /// # Errors
    /// The error of the first file that cannot be parsed.
    fn parse(files: &[&str]) -> Result<Self, serde_json::Error> {
        let methods = files
            .iter()
            .map(|text| MethodContract::from_json(text).map(|m| (m.name.clone(), m)))
            .collect::<Result<_, _>>()?;
        Ok(Self { methods })
    }

    /// The contract of a method, by its full name.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<&MethodContract> {
        self.methods.get(name)
    }

    /// All methods, by name.
    pub fn methods(&self) -> impl Iterator<Item = &MethodContract> {
        self.methods.values()
    }
}

/// The node with this name.
pub(super) fn find<'a>(nodes: &'a [Node], name: &str) -> Option<&'a Node> {
    nodes.iter().find(|node| node.name == name)
}

#[derive(Deserialize)]
struct MethodFile {
    name: String,
    #[serde(rename = "requestParams", default)]
    request: Vec<NodeFile>,
    #[serde(rename = "responseParams", default)]
    response: Vec<NodeFile>,
}

#[derive(Deserialize)]
struct NodeFile {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    values: Vec<ValueFile>,
    wrapper: Option<String>,
    #[serde(rename = "subParams", default)]
    children: Vec<NodeFile>,
}

#[derive(Deserialize)]
struct ValueFile {
    value: Value,
}

impl From<NodeFile> for Node {
    fn from(file: NodeFile) -> Self {
        let (element, list) = match file.kind.strip_suffix(" []") {
            Some(element) => (element, true),
            None => (file.kind.as_str(), false),
        };
        let kind = match element {
            "String" => Kind::String,
            "Number" => Kind::Number,
            "Boolean" => Kind::Boolean,
            "Date" => Kind::Date,
            "byte[]" => Kind::Bytes,
            _ => Kind::Object,
        };
        Self {
            name: file.name,
            kind,
            list,
            required: file.required,
            values: file.values.into_iter().map(|v| v.value).collect(),
            wrapper: file.wrapper,
            children: file.children.into_iter().map(Node::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_is_read() {
        let registry = Registry::embedded();
        assert_eq!(registry.methods().count(), FILES.len());
        let search = registry.method("alitrip.flight.service.search").unwrap();
        assert_eq!(search.root(), "alitrip_flight_service_search_response");
        assert_eq!(
            search.object_param().unwrap().name,
            "search_flight_info_req"
        );
        let offers = find(&search.response, "flight_item_list").unwrap();
        assert!(offers.list);
        assert_eq!(offers.wrapper.as_deref(), Some("flight_item"));
        assert_eq!(offers.kind, Kind::Object);
        let member = find(&offers.children, "member_type").unwrap();
        assert_eq!(member.values.len(), 2);
    }

    #[test]
    fn only_response_lists_have_a_wrapper() {
        fn walk(nodes: &[Node], wrapped: bool) {
            for node in nodes {
                assert_eq!(
                    node.wrapper.is_some(),
                    wrapped && node.list,
                    "{}",
                    node.name
                );
                walk(&node.children, wrapped);
            }
        }
        for method in Registry::embedded().methods() {
            walk(&method.request, false);
            walk(&method.response, true);
        }
    }
}
