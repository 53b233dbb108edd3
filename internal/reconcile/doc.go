// Package reconcile fetches what never arrived: it asks Twilio's REST API about calls of which something is overdue, and feeds
// what is missing through the same handlers as the webhooks, marked as reconciled.
package reconcile
