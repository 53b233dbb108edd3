package storetest

import "github.com/i-agent/iagent/internal/interview"

// Caller is who calls for campaigns that are to dial.
func Caller() interview.Identity {
	return interview.Identity{Organisation: "Shelf Research", CallbackNumber: "+15550009999", Purpose: "prices on the shelf"}
}
