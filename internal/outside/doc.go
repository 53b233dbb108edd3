// Package outside is i-agent as others see it: a client of its API, and a judge that holds what the API says of a call
// against what a simulated Twilio knows to be true. The demo and the long trials use it; nothing that serves does.
package outside
