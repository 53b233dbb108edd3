package simulate

import (
	"net/http"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// Interviewer says for which account a simulator plays interviews, and how it sends its webhooks.
type Interviewer struct {
	AccountSid, AuthToken string
	// OpenAIKey is what the models ask for.
	OpenAIKey string
	// Transport sends the webhooks.
	Transport http.RoundTripper
	// Run is part of all SIDs, so that no other simulator has the same.
	Run string
}

// Simulator is a Twilio, with its models, that plays interviews of [interview.SimulatedCampaign]: a shopkeeper agrees to be
// recorded and answers. It has no faults.
func (i Interviewer) Simulator() (*simulator.Simulator, error) {
	people := simulator.People{Scripts: []simulator.WeightedScript{{Script: shopkeeper()}}}
	return simulator.New(simulator.Config{
		AccountSid: i.AccountSid, AuthToken: i.AuthToken, Run: i.Run, Pick: people.Pick(1), OpenAIKey: i.OpenAIKey,
		Model: simulator.ScriptedModel(people), Transport: i.Transport, Channels: simulator.ChannelsPersonFirst,
		Grace: 100 * time.Millisecond,
	})
}

// shopkeeper answers the questions of the simulated campaign.
func shopkeeper() simulator.Script {
	price, cases, supports := 2.49, 5.0, true
	return simulator.Consents(
		simulator.Answer{Say: "It costs 2 dollars and 49 cents.", Claims: []simulator.Claim{
			{Hypothesis: "costs more than 2 dollars", Field: "PRICE", Number: &price, Unit: "USD", Supports: &supports}}},
		simulator.Answer{Say: "We sell about 5 cases per week.", Claims: []simulator.Claim{
			{Hypothesis: "sell four cases", Field: "VELOCITY", Number: &cases, Unit: "UNITS_PER_WEEK", Supports: &supports}}},
		simulator.Answer{Say: "Yes, the shelf was empty for three days.", Claims: []simulator.Claim{
			{Hypothesis: "ran out", Field: "STOCKOUT", Unit: "NONE", Quote: "the shelf was empty for three days", Supports: &supports}}},
	)
}
