// Package api serves the JSON API: campaigns, calls, hypotheses and webhooks, and the health of the process.
//
// Everything below /api/ asks for the bearer token. Requests and answers are JSON with camelCase names; what is unknown
// is null, a list is {"items":[…],"next":"cursor"} with next null at the end, and an error is {"error":"…"} with, where
// single fields are at fault, "fields":[{"field","value","error"}].
package api
