// Package reconcile fetches what never arrived: it asks Twilio's REST API about calls of which something is overdue, and hands
// what is missing to the same handlers as the webhooks, marked as reconciled. [Dialing] ends the pauses of dialling.
package reconcile
