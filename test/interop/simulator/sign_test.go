package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	twilioclient "github.com/twilio/twilio-go/client"

	"github.com/i-agent/iagent/simulator"
)

// However rough the network, and in the middle of a rotation: what the simulator means to be genuine, the official
// validator accepts, and the forgeries it refuses.
func TestOfficialValidatorAcceptsAllButForgeries(t *testing.T) {
	faults, err := simulator.ParseProfile("hostile")
	if err != nil {
		t.Fatal(err)
	}
	r := newFixture(t, simulator.Config{Seed: 1, Faults: faults, OldToken: testOldToken, Pick: func(string, int) simulator.Script { return simulator.Consents() }})
	r.app.policy = "#rc=5&amp;rp=5xx,ct,rt&amp;rt=4500&amp;ct=2000"
	for i := range 40 {
		if _, err := r.sim.Place(t.Context(), simulator.PlaceOptions{To: fmt.Sprintf("+1555777%04d", i), From: testFrom,
			URL: r.app.url + "/voice?callId=1#rc=5&rp=5xx,ct,rt", StatusURL: r.app.url + "/status?callId=1"}); err != nil {
			t.Fatal(err)
		}
	}
	r.wait(t)
	refuse := map[simulator.Fault]bool{}
	for _, doc := range simulator.FaultDocs() {
		refuse[doc.Name] = doc.Refuse
	}
	genuine, forged := 0, 0
	for _, d := range r.sim.Deliveries() {
		switch {
		case d.Status == 0: // not answered, or not heard
		case refuse[d.Fault]:
			forged++
			if d.Status != http.StatusForbidden {
				t.Errorf("%s of %s with the fault %s: %d", d.Kind, d.CallSid, d.Fault, d.Status)
			}
		default:
			genuine++
			if d.Status != http.StatusOK {
				t.Errorf("%s of %s with the fault %q: %d", d.Kind, d.CallSid, d.Fault, d.Status)
			}
		}
	}
	if genuine < 200 || forged < 10 {
		t.Errorf("only %d genuine and %d forged requests", genuine, forged)
	}
}

// lastRequest keeps what was sent, and answers with one Gather, then nothing.
type lastRequest struct {
	signature, uri string
	form           url.Values
}

func (l *lastRequest) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	l.form, err = url.ParseQuery(string(body))
	l.signature, l.uri = r.Header.Get("X-Twilio-Signature"), r.URL.String()
	answer := `<Response><Hangup/></Response>`
	if !l.form.Has("SpeechResult") {
		answer = `<Response><Gather input="speech"/></Response>`
	}
	return &http.Response{StatusCode: 200, ProtoMajor: 1, Header: http.Header{"Content-Type": {"text/xml"}},
		Body: io.NopCloser(strings.NewReader(answer)), Request: r}, err
}

// Whatever the token, the query and what a person says: the last request of the call is signed as the official validator
// wants it.
func FuzzSignatureIsAcceptedByTheOfficialValidator(f *testing.F) {
	f.Add("token", "callId=1&x=%20", "Yes, go ahead & record.")
	f.Add("t", "", "é + 100 %")
	f.Fuzz(func(t *testing.T, token, query, said string) {
		var last lastRequest
		sim, err := simulator.New(simulator.Config{AccountSid: testAccount, AuthToken: token, Transport: &last,
			Pick: func(string, int) simulator.Script { return simulator.Script{Replies: []simulator.Reply{{Say: said}}} }})
		if err != nil {
			return
		}
		defer sim.Close()
		target := "https://h.example/v?" + url.PathEscape(query)
		if _, err := sim.Place(t.Context(), simulator.PlaceOptions{To: "+15557770001", From: testFrom, URL: target}); err != nil {
			return
		}
		if err := sim.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		flat := map[string]string{}
		for name := range last.form {
			flat[name] = last.form.Get(name)
		}
		validator := twilioclient.NewRequestValidator(token)
		if !validator.Validate(target, flat, last.signature) {
			t.Errorf("refused: %q %q %q", target, last.uri, last.form)
		}
	})
}
