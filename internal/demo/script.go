package demo

import "github.com/i-agent/iagent/simulator"

// theCampaign is what the demo asks about.
func theCampaign() map[string]any {
	return map[string]any{
		"name": "Oat drink on the shelf", "category": "oat drink", "status": "ACTIVE",
		"promptTemplate": "Ask a shop owner:\n- What does a litre of oat drink cost in your shop?\n- How many cases do you sell in a week?\n- Did you run out of it in the last month?",
		"hypotheses": []map[string]any{
			{"question": "Does a litre cost more than 2 dollars?"},
		},
	}
}

// cast is who answers.
func cast() simulator.Cast {
	return simulator.Mixed(
		simulator.Answer{Say: "It costs 2 dollars and 49 cents."},
		simulator.Answer{Say: "About 5 cases per week."},
		simulator.Answer{Say: "Yes, twice."},
	)
}
