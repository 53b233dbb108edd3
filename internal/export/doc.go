// Package export writes all rows of one kind that a campaign has, as CSV, as one JSON array or as lines of JSON: contacts, calls,
// answers, claims, verdicts. It reads and writes part by part, so that a campaign of any size needs little memory. The API and the
// command iagent export use it.
package export
