//! A few contents of every template, plain and extreme, for the test that renders them all.
