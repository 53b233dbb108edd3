package twilio

import (
	"context"
	"fmt"

	api "github.com/twilio/twilio-go/rest/api/v2010"
	"github.com/twilio/twilio-go/twiml"
)

// Goodbye is what is said before a call is hung up.
type Goodbye struct {
	// Words are said in the Language, BCP 47, by the Voice; "" for Twilio's defaults.
	Words, Language, Voice string
}

// SayGoodbye interrupts a running call: whatever it is doing, it says the words and hangs up. A call that is not in
// progress, over or still ringing, is an *Error that is Refused (Twilio: error 21220).
func (c *Client) SayGoodbye(ctx context.Context, sid string, goodbye Goodbye) error {
	say := twiml.VoiceSay{Message: goodbye.Words, Language: goodbye.Language, Voice: goodbye.Voice}
	document, err := twiml.Voice([]twiml.Element{say, twiml.VoiceHangup{}})
	if err != nil {
		return fmt.Errorf("writing TwiML: %w", err)
	}
	return updateCall(ctx, c, "saying goodbye", sid, (&api.UpdateCallParams{}).SetTwiml(document))
}
