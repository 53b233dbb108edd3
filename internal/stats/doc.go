// Package stats says in one answer how many calls there were in a time, how they ended and why, and what came of their webhooks,
// functions and recordings. It is what the API and the command iagent stats show.
package stats
