package interview

import "strings"

// Identity is what a call says of who is calling, first and last.
// Source of the duty: 47 CFR 64.1200(b) for artificial voices; EU AI Act, Article 50, for machines that talk to people.
type Identity struct {
	// Organisation is the name of who calls.
	Organisation string `json:"organisation"`
	// CallbackNumber is where people reach them, E.164.
	CallbackNumber string `json:"callbackNumber"`
	// Purpose says why, as the end of "This is … calling about": "the prices of bread".
	Purpose string `json:"purpose"`
}

// Missing names, as the API does, the parts that a campaign that dials must have and this identity lacks.
func (i Identity) Missing() []string {
	var missing []string
	for _, part := range []struct{ name, value string }{
		{"identity.organisation", i.Organisation}, {"identity.callbackNumber", i.CallbackNumber}, {"identity.purpose", i.Purpose},
	} {
		if strings.TrimSpace(part.value) == "" {
			missing = append(missing, part.name)
		}
	}
	return missing
}
