//! The server as programs and browsers meet it: a real one on a port of its own, on every store. Tests are named
//! after the promise or the row that they prove.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod access;
mod accounts;
mod archive;
mod at_once;
mod chaos;
mod commands;
mod demo;
mod device;
mod documents;
mod faults;
mod feed;
mod forgotten;
mod forms;
mod guessing;
mod inputs;
mod instances;
mod joining;
mod lagging;
mod limits;
mod mail;
mod pages;
mod people;
mod pictures;
mod pin;
mod public;
mod queue;
mod reading;
mod redis;
mod releases;
mod restore;
mod roles;
mod search;
mod sign_in;
mod skew;
mod starting;
mod stopping;
mod support;
mod views;
mod ways_back;
