package twilio

import (
	"context"
	"fmt"

	api "github.com/twilio/twilio-go/rest/api/v2010"
	"github.com/twilio/twilio-go/twiml"
)

// SayGoodbye interrupts a running call: whatever it is doing, it says the words and hangs up. A call that is not in
// progress, over or still ringing, is an *Error that is Refused (Twilio: error 21220).
func (c *Client) SayGoodbye(ctx context.Context, sid, words string) error {
	document, err := twiml.Voice([]twiml.Element{twiml.VoiceSay{Message: words}, twiml.VoiceHangup{}})
	if err != nil {
		return fmt.Errorf("writing TwiML: %w", err)
	}
	return c.updateCall(ctx, "saying goodbye", sid, (&api.UpdateCallParams{}).SetTwiml(document))
}
