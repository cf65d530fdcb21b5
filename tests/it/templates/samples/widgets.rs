//! Fields for the sample forms.

use poem::templates::form_page::{CellView, ColumnView, FieldsetView, RowView, Widget, WidgetKind};
use poem::templates::list_page::Choice;

/// The address of the suggestions.
const SUGGESTIONS: &str = "/poem/admin/poem/metric/suggestions/metric/";

/// Returns a fieldset; an empty legend shows none.
pub fn set(legend: &str, widgets: Vec<Widget>) -> FieldsetView {
    FieldsetView { legend: legend.to_owned(), widgets, ..FieldsetView::default() }
}

/// Returns a widget with the common properties.
pub fn widget(look: WidgetKind, name: &str, label: &str, value: &str) -> Widget {
    let owned = str::to_owned;
    Widget {
        look,
        name: owned(name),
        label: owned(label),
        value: owned(value),
        input_type: "text",
        ..Widget::default()
    }
}

/// Returns a required text field of at most 128 characters.
pub fn text(name: &str, label: &str, value: &str, help: &str) -> Widget {
    Widget { required: true, help: help.to_owned(), maxlength: 128, ..widget(WidgetKind::Text, name, label, value) }
}

/// Returns a required text field for an address.
pub fn url(name: &str, label: &str, value: &str) -> Widget {
    Widget { input_type: "url", ..text(name, label, value, "") }
}

/// Returns a text field with suggestions.
pub fn suggested(name: &str, label: &str, value: &str, help: &str) -> Widget {
    Widget {
        look: WidgetKind::Suggested,
        suggestions: SUGGESTIONS.to_owned(),
        required: false,
        ..text(name, label, value, help)
    }
}

/// Returns a value that is only shown.
pub fn shown(name: &str, label: &str, value: &str) -> Widget {
    widget(WidgetKind::Shown, name, label, value)
}

/// Returns a check box.
pub fn checkbox(name: &str, label: &str, checked: bool) -> Widget {
    Widget { checked, ..widget(WidgetKind::Checkbox, name, label, "") }
}

/// Returns the choices `all`, those in `chosen` selected.
pub fn choices(chosen: &[&str], all: &[&str]) -> Vec<Choice> {
    let choice = |label: &&str| Choice {
        value: (*label).to_owned(),
        label: (*label).to_owned(),
        selected: chosen.contains(label),
    };
    all.iter().map(choice).collect()
}

/// Returns a required select.
pub fn select(name: &str, label: &str, chosen: &str, all: &[&str]) -> Widget {
    Widget { required: true, choices: choices(&[chosen], all), ..widget(WidgetKind::Select, name, label, chosen) }
}

/// Returns a field that selects any number of objects.
pub fn picker(name: &str, label: &str, chosen: &[&str], all: &[&str]) -> Widget {
    Widget { choices: choices(chosen, all), ..widget(WidgetKind::Picker, name, label, "") }
}

/// Returns a table of rows, with a blank row at the end for a new one.
pub fn rows(name: &str, label: &str, columns: &[(&str, &str)], values: &[&[&str]]) -> Widget {
    let column = |(number, (name, label)): (usize, &(&str, &str))| ColumnView {
        name: (*name).to_owned(),
        label: (*label).to_owned(),
        required: number == 0,
        maxlength: 128,
        suggestions: if *name == "metric" || *name == "service" { SUGGESTIONS.to_owned() } else { String::new() },
        new_names: if *name == "metric" || *name == "service" { format!("{SUGGESTIONS}new/") } else { String::new() },
    };
    let blank = vec![""; columns.len()];
    let filled = values.iter().copied().chain([blank.as_slice()]).enumerate();
    let cell = |row: usize, column: usize, value: &str| CellView {
        name: format!("{name}-{row}-{}", columns[column].0),
        value: value.to_owned(),
        ..CellView::default()
    };
    let row = |(number, values): (usize, &[&str])| RowView {
        cells: values.iter().enumerate().map(|(column, value)| cell(number, column, value)).collect(),
        ..RowView::default()
    };
    Widget {
        columns: columns.iter().enumerate().map(column).collect(),
        rows: filled.map(row).collect(),
        ..widget(WidgetKind::Rows, name, label, "")
    }
}

/// Returns a table of keys and values.
pub fn pairs(name: &str, label: &str, values: &[&[&str]]) -> Widget {
    rows(name, label, &[("key", "Key"), ("value", "Value")], values)
}

/// Returns the configuration of a metric: the five fixed keys of every active metric, and a blank row.
pub fn config() -> Widget {
    let values: [&[&str]; 5] = [
        &["interval", "5"],
        &["maxCheckAttempts", "3"],
        &["path", "/usr/libexec/argo-monitoring/probes/argo"],
        &["retryInterval", "3"],
        &["timeout", "180"],
    ];
    let mut widget = pairs("config", "Config", &values);
    for row in &mut widget.rows[..values.len()] {
        row.is_fixed = true;
        row.cells[0].is_fixed = true;
    }
    widget
}
