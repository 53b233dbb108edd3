package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// PlaceOptions describe a call that is started without a REST request. To, From and URL are required.
type PlaceOptions struct {
	To, From string // E.164; To is the person, whose script is played, also of an inbound call

	URL, Method                 string // for TwiML; POST by default
	FallbackURL, FallbackMethod string
	StatusURL, StatusMethod     string
	// StatusEvents are initiated, ringing, answered and completed; none means all four.
	StatusEvents []string
	// RecordingURL records the whole call and takes the callbacks of the recording.
	RecordingURL string
	// Inbound makes it a call from the person to the application: its voice request says so, nobody has to pick up,
	// and completed is the only status (Twilio: TwiML voice request). [Simulator.CallIn] is for calls to a number that is set up.
	Inbound bool
}

// Place starts a call without a REST request, as if another program had placed it, or as if a person had called. It
// returns the CallSid at once; the call is cut short when ctx ends. The recordings of such calls are at
// [Config.BaseURL].
func (s *Simulator) Place(ctx context.Context, o PlaceOptions) (string, error) {
	params := url.Values{"To": {o.To}, "From": {o.From}, "Url": {o.URL}, "Method": {orPost(o.Method)}}
	if o.FallbackURL != "" {
		params.Set("FallbackUrl", o.FallbackURL)
		params.Set("FallbackMethod", orPost(o.FallbackMethod))
	}
	if o.StatusURL != "" {
		params.Set("StatusCallback", o.StatusURL)
		params.Set("StatusCallbackMethod", orPost(o.StatusMethod))
		params["StatusCallbackEvent"] = o.StatusEvents
		if len(o.StatusEvents) == 0 {
			params["StatusCallbackEvent"] = []string{"initiated", "ringing", "answered", "completed"}
		}
		if o.Inbound {
			params["StatusCallbackEvent"] = []string{"completed"}
		}
	}
	if o.RecordingURL != "" {
		if !absolute(o.RecordingURL) {
			return "", fmt.Errorf("placing a call: %s is not a URL for recordings", o.RecordingURL)
		}
		params.Set("Record", "true")
		params.Set("RecordingChannels", "dual")
		params.Set("RecordingStatusCallback", o.RecordingURL)
		params["RecordingStatusCallbackEvent"] = []string{"in-progress", "completed", "absent"}
	}
	if code, message := s.checkCreate(params); code != 0 {
		return "", fmt.Errorf("placing a call: %s (%d)", message, code)
	}
	if err := context.Cause(ctx); err != nil {
		return "", fmt.Errorf("placing a call: %w", err)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return "", errors.New("placing a call: the simulator is closed")
	}
	c := s.newCall(s.config.BaseURL, params)
	c.inbound = o.Inbound
	s.begin()
	c.work()
	s.mu.Unlock()
	c.start(ctx)
	return c.sid, nil
}

// direction is how Twilio names it.
func (c *call) direction() string {
	if c.inbound {
		return "inbound"
	}
	return "outbound-api"
}
