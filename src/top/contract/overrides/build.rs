//! Checks overrides against the contract and compiles them into plans.

use std::collections::{BTreeMap, BTreeSet};

use super::super::registry::{Kind, Node, Registry, find};
use super::plan::{Field, Move, Place, Plan, text};
use super::{Override, Overrides, Side};

pub(super) fn build(registry: &Registry, overrides: &[Override]) -> Result<Overrides, Vec<String>> {
    let mut built = Overrides::default();
    let mut problems = Vec::new();
    for item in overrides {
        if let Err(reason) = add(registry, &mut built, item) {
            problems.push(format!("{}: {reason}", label(item)));
        }
    }
    for (method, sides) in &built.methods {
        let Some(contract) = registry.method(method) else {
            continue;
        };
        collisions(
            method,
            "request",
            &contract.request,
            &sides.request,
            &mut problems,
        );
        collisions(
            method,
            "answer",
            &contract.response,
            &sides.answer,
            &mut problems,
        );
    }
    if problems.is_empty() {
        Ok(built)
    } else {
        Err(problems)
    }
}

fn label(item: &Override) -> String {
    let side = match item.side {
        Side::Request => "request",
        Side::Answer => "answer",
    };
    format!("{} {side} {}", item.method, item.path)
}

fn add(registry: &Registry, overrides: &mut Overrides, item: &Override) -> Result<(), String> {
    let Some(contract) = registry.method(&item.method) else {
        return Err("the contract has no such method".to_owned());
    };
    let (nodes, side) = match item.side {
        Side::Request => (&contract.request, Side::Request),
        Side::Answer => (&contract.response, Side::Answer),
    };
    let place = place_of(item)?;
    let path: Vec<&str> = item.path.split('.').collect();
    let chain = resolve(nodes, &path, matches!(place, Place::Constant(_)))?;
    let own = (chain.len() == path.len()).then(|| chain[chain.len() - 1]);
    check_shape(item, own)?;

    let sides = overrides.methods.entry(item.method.clone()).or_default();
    let root = match side {
        Side::Request => &mut sides.request,
        Side::Answer => &mut sides.answer,
    };
    // A move is stored at the nearest list element above the field, or at the root.
    let anchor = chain
        .iter()
        .take(path.len() - 1)
        .rposition(|node| node.list)
        .map_or(0, |index| index + 1);
    if let Some(target) = &item.move_to {
        let target: Vec<&str> = target.split('.').collect();
        if target.len() <= anchor
            || target[..anchor] != path[..anchor]
            || target.iter().any(|name| name.trim().is_empty())
        {
            return Err(format!(
                "move must stay within {}",
                if anchor == 0 {
                    "the object".to_owned()
                } else {
                    path[..anchor].join(".")
                }
            ));
        }
        let step = Move {
            ours: path[anchor..].iter().map(ToString::to_string).collect(),
            wire: target[anchor..].iter().map(ToString::to_string).collect(),
        };
        descend(root, &chain[..anchor]).moves.push(step);
    }
    let parent = descend(root, &chain[..path.len() - 1]);
    let field = field_of(parent, path[path.len() - 1], own);
    if !matches!(place, Place::Same) {
        if field.place != Place::Same {
            return Err("another override already places this field".to_owned());
        }
        field.place = place;
    }
    if let Some(wire_type) = item.wire_type
        && field.wire_type.replace(wire_type).is_some()
    {
        return Err("another override already gives this field a type".to_owned());
    }
    if let Some(values) = &item.values
        && !std::mem::replace(&mut field.values, values.clone()).is_empty()
    {
        return Err("another override already maps the values of this field".to_owned());
    }
    if let Some(wrapper) = &item.wrapper {
        let wrapper = (!wrapper.trim().is_empty()).then(|| wrapper.clone());
        if field.wire_wrapper.replace(wrapper).is_some() {
            return Err("another override already names the wrapper".to_owned());
        }
    }
    Ok(())
}

fn place_of(item: &Override) -> Result<Place, String> {
    let shape = item.wire_type.is_some() || item.values.is_some() || item.wrapper.is_some();
    let place = match (&item.rename, &item.move_to, &item.constant, item.drop) {
        (None, None, None, false) if !shape => {
            return Err("the override has no action".to_owned());
        }
        (None, None, None, false) => Place::Same,
        (Some(name), None, None, false) => {
            if name.trim().is_empty() || name.contains('.') {
                return Err("rename must be one name; use move for a path".to_owned());
            }
            Place::Renamed(name.clone())
        }
        (None, Some(_), None, false) => Place::Moved,
        (None, None, Some(value), false) if !shape => Place::Constant(value.clone()),
        (None, None, None, true) if !shape => Place::Dropped,
        _ => {
            return Err(
                "rename and move exclude each other; constant and drop allow no other action"
                    .to_owned(),
            );
        }
    };
    Ok(place)
}

/// The nodes along the path. The last node may be missing if a constant adds a field.
fn resolve<'a>(
    nodes: &'a [Node],
    path: &[&str],
    may_be_new: bool,
) -> Result<Vec<&'a Node>, String> {
    let mut chain: Vec<&Node> = Vec::new();
    let mut level = nodes;
    for (index, name) in path.iter().enumerate() {
        let inside_scalar = chain
            .last()
            .is_some_and(|node| !matches!(node.kind, Kind::Object));
        match find(level, name) {
            Some(node) => {
                chain.push(node);
                level = &node.children;
            }
            None if may_be_new
                && index + 1 == path.len()
                && !inside_scalar
                && !name.trim().is_empty() => {}
            None => {
                let hint = match nodes {
                    [only] if index == 0 && find(&only.children, name).is_some() => {
                        format!(" (did you mean {}.{}?)", only.name, path.join("."))
                    }
                    _ => String::new(),
                };
                return Err(format!(
                    "the contract has no field {name:?} at this path{hint}"
                ));
            }
        }
    }
    Ok(chain)
}

fn check_shape(item: &Override, node: Option<&Node>) -> Result<(), String> {
    let Some(node) = node else { return Ok(()) };
    let scalar = !matches!(node.kind, Kind::Object);
    if item.wire_type.is_some() && !scalar {
        return Err("type applies only to scalars".to_owned());
    }
    if item.wrapper.is_some() && !node.list {
        return Err("only a list has a wrapper".to_owned());
    }
    if let Some(values) = &item.values {
        if !scalar || values.is_empty() {
            return Err("values must map at least one value of a scalar".to_owned());
        }
        let theirs: BTreeSet<String> = values.values().map(text).collect();
        if theirs.len() != values.len() {
            return Err("values maps two of our values to the same wire value".to_owned());
        }
        if values
            .values()
            .any(|v| v.is_object() || v.is_array() || v.is_null())
        {
            return Err("values may only contain scalars".to_owned());
        }
    }
    Ok(())
}

fn descend<'a>(plan: &'a mut Plan, chain: &[&Node]) -> &'a mut Plan {
    let mut at = plan;
    for node in chain {
        at = &mut field_of(at, &node.name, Some(node)).inner;
    }
    at
}

fn field_of<'a>(plan: &'a mut Plan, name: &str, node: Option<&Node>) -> &'a mut Field {
    let index = match plan.fields.iter().position(|field| field.ours == name) {
        Some(index) => index,
        None => {
            plan.fields.push(Field {
                ours: name.to_owned(),
                kind: node.map(|node| node.kind),
                list: node.is_some_and(|node| node.list),
                wrapper: node.and_then(|node| node.wrapper.clone()),
                place: Place::Same,
                wire_type: None,
                values: BTreeMap::new(),
                wire_wrapper: None,
                inner: Plan::default(),
            });
            plan.fields.len() - 1
        }
    };
    &mut plan.fields[index]
}

/// Reports names and paths that two fields would share on the wire.
fn collisions(method: &str, at: &str, nodes: &[Node], plan: &Plan, problems: &mut Vec<String>) {
    let planned = |name: &str| plan.fields.iter().find(|field| field.ours == name);
    let mut seen = BTreeSet::new();
    let added = plan.fields.iter().filter(|field| field.kind.is_none());
    let names = nodes.iter().filter_map(|node| match planned(&node.name) {
        None => Some(node.name.as_str()),
        Some(field) => match &field.place {
            Place::Same | Place::Constant(_) => Some(node.name.as_str()),
            Place::Renamed(theirs) => Some(theirs.as_str()),
            Place::Moved | Place::Dropped => None,
        },
    });
    for name in names.chain(added.map(|field| field.ours.as_str())) {
        if !seen.insert(name) {
            problems.push(format!(
                "{method} {at}: two fields would be named {name:?} on the wire"
            ));
        }
    }
    for (index, step) in plan.moves.iter().enumerate() {
        let clash = plan.moves[..index]
            .iter()
            .any(|other| other.wire.starts_with(&step.wire) || step.wire.starts_with(&other.wire));
        if clash || occupied(nodes, plan, &step.wire) {
            problems.push(format!(
                "{method} {at}: another field is already at {:?} on the wire",
                step.wire.join(".")
            ));
        }
    }
    for field in &plan.fields {
        if let Some(node) = find(nodes, &field.ours) {
            let at = format!("{at} {}", field.ours);
            collisions(method, &at, &node.children, &field.inner, problems);
        }
    }
}

/// Whether a wire path ends at, or leads through, a field that is not an object.
fn occupied(nodes: &[Node], plan: &Plan, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    let on_wire = |node: &&Node| match plan.fields.iter().find(|field| field.ours == node.name) {
        None => node.name == *first,
        Some(field) => match &field.place {
            Place::Same | Place::Constant(_) => node.name == *first,
            Place::Renamed(theirs) => theirs == first,
            Place::Moved | Place::Dropped => false,
        },
    };
    let Some(node) = nodes.iter().find(on_wire) else {
        return plan
            .fields
            .iter()
            .any(|field| field.kind.is_none() && field.ours == *first);
    };
    if rest.is_empty() || node.list || !matches!(node.kind, Kind::Object) {
        return true;
    }
    let nothing = Plan::default();
    let inner = plan.fields.iter().find(|field| field.ours == node.name);
    occupied(
        &node.children,
        inner.map_or(&nothing, |field| &field.inner),
        rest,
    )
}
