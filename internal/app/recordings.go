package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/twilio"
)

// recordings has the audio that lies at Twilio; nil without an account there.
func (a *App) recordings() console.Recordings {
	if a.settings.lacksTwilio() != "" {
		return nil
	}
	return twilioRecordings{a}
}

// twilioRecordings reads audio with the credentials of the account that placed the call.
type twilioRecordings struct{ app *App }

// OpenRecording implements console.Recordings.
func (t twilioRecordings) OpenRecording(ctx context.Context, account, location string, channels int, size, at int64) (console.Audio, error) {
	client := t.app.twilioOf(account)
	if client == nil && account == "" {
		client = t.app.twilioOf(t.app.settings.AccountSid)
	}
	if client == nil {
		return nil, fmt.Errorf("%w: there is no token for the account of this call", console.ErrNoAudio)
	}
	stream, err := client.OpenRecording(ctx, location, channels, size, at)
	var refused *twilio.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		return nil, fmt.Errorf("%w: %w", console.ErrNoAudio, err)
	case err != nil:
		return nil, err
	}
	return twilioAudio{stream}, nil
}

type twilioAudio struct{ *twilio.MediaStream }

// ContentType implements console.Audio.
func (t twilioAudio) ContentType() string {
	if t.Format() == twilio.MP3 {
		return "audio/mpeg"
	}
	return "audio/wav"
}
