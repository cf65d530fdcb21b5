//! Fields for the sample forms.

use poem::templates::form_page::{CellView, ColumnView, FieldsetView, RowView, Widget, WidgetKind};
use poem::templates::list_page::Choice;

/// What is asked for suggestions.
const SUGGESTIONS: &str = "/poem/admin/poem/metric/suggestions/metric/";

pub fn set(legend: &str, widgets: Vec<Widget>) -> FieldsetView {
    FieldsetView { legend: legend.to_owned(), widgets, ..FieldsetView::default() }
}

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

pub fn text(name: &str, label: &str, value: &str, help: &str) -> Widget {
    Widget { required: true, help: help.to_owned(), maxlength: 128, ..widget(WidgetKind::Text, name, label, value) }
}

pub fn url(name: &str, label: &str, value: &str) -> Widget {
    Widget { input_type: "url", ..text(name, label, value, "") }
}

pub fn suggested(name: &str, label: &str, value: &str, help: &str) -> Widget {
    Widget {
        look: WidgetKind::Suggested,
        suggestions: SUGGESTIONS.to_owned(),
        required: false,
        ..text(name, label, value, help)
    }
}

pub fn shown(name: &str, label: &str, value: &str) -> Widget {
    widget(WidgetKind::Shown, name, label, value)
}

pub fn checkbox(name: &str, label: &str, checked: bool) -> Widget {
    Widget { checked, ..widget(WidgetKind::Checkbox, name, label, "") }
}

pub fn choices(chosen: &[&str], all: &[&str]) -> Vec<Choice> {
    let choice = |label: &&str| Choice {
        value: (*label).to_owned(),
        label: (*label).to_owned(),
        selected: chosen.contains(label),
    };
    all.iter().map(choice).collect()
}

pub fn select(name: &str, label: &str, chosen: &str, all: &[&str]) -> Widget {
    Widget { required: true, choices: choices(&[chosen], all), ..widget(WidgetKind::Select, name, label, chosen) }
}

pub fn picker(name: &str, label: &str, chosen: &[&str], all: &[&str]) -> Widget {
    Widget { choices: choices(chosen, all), ..widget(WidgetKind::Picker, name, label, "") }
}

/// Rows with a blank one at the end, where they can grow.
pub fn rows(name: &str, label: &str, columns: &[(&str, &str)], values: &[&[&str]]) -> Widget {
    let column = |(number, (name, label)): (usize, &(&str, &str))| ColumnView {
        name: (*name).to_owned(),
        label: (*label).to_owned(),
        required: number == 0,
        maxlength: 128,
        suggestions: if *name == "metric" || *name == "service" { SUGGESTIONS.to_owned() } else { String::new() },
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

pub fn pairs(name: &str, label: &str, values: &[&[&str]]) -> Widget {
    rows(name, label, &[("key", "Key"), ("value", "Value")], values)
}

/// The five keys that every active metric has, and room for others.
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
