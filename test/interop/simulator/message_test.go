// Package simulator_test drives the public package simulator with the official
// clients. It is here so that whoever imports the package does not inherit them.
package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	twilio "github.com/twilio/twilio-go"
	twilioclient "github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/i-agent/iagent/simulator"
)

// messageFixture is a simulator of messages with its application and Twilio's own client.
type messageFixture struct {
	sim     *simulator.Simulator
	api     *twilio.RestClient
	url     string       // of the application
	refused atomic.Int64 // webhooks whose signature the official validator does not accept
}

// toServer leads the client to another server than api.twilio.com.
type toServer struct{ host string }

func (to toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = "http", to.host, to.host
	return http.DefaultTransport.RoundTrip(r)
}

func newMessageFixture(t *testing.T, script simulator.Script) *messageFixture {
	t.Helper()
	const account, token = "AC0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"
	r := &messageFixture{}
	validator := twilioclient.NewRequestValidator(token)
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_ = request.ParseForm()
		form := map[string]string{}
		for name := range request.PostForm {
			form[name] = request.PostForm.Get(name)
		}
		if !validator.Validate(r.url+request.RequestURI, form, request.Header.Get("X-Twilio-Signature")) {
			r.refused.Add(1)
		}
		w.Header().Set("Content-Type", "text/xml")
		if request.URL.Path == "/message" {
			fmt.Fprint(w, `<Response><Message action="/message-status">Thank you.</Message></Response>`)
		}
	}))
	t.Cleanup(application.Close)
	r.url = application.URL
	sim, err := simulator.New(simulator.Config{AccountSid: account, AuthToken: token, Messaging: simulator.Messaging{URL: r.url + "/message?q=1"},
		Pick: func(string, int) simulator.Script { return script }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := &twilioclient.Client{Credentials: twilioclient.NewCredentials(account, token), HTTPClient: &http.Client{Transport: toServer{address.Host}}}
	client.SetAccountSid(account)
	r.sim, r.api = sim, twilio.NewRestClientWithParams(twilio.ClientParams{Client: client})
	return r
}

func (r *messageFixture) wait(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.sim.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestOfficialClientSendsFetchesAndListsMessages(t *testing.T) {
	r := newMessageFixture(t, simulator.Script{Replies: []simulator.Reply{{Say: "Yes."}}})
	created, err := r.api.Api.CreateMessage((&openapi.CreateMessageParams{}).SetTo("+15557770001").SetFrom("+15550001111").
		SetBody("May we ask you something?").SetStatusCallback(r.url + "/message-status"))
	if err != nil || *created.Status != "queued" || *created.Direction != "outbound-api" || *created.NumMedia != "0" || created.DateSent != nil {
		t.Fatalf("created %+v, %v", created, err)
	}
	r.wait(t)
	fetched, err := r.api.Api.FetchMessage(*created.Sid, nil)
	if err != nil || *fetched.Status != "delivered" || fetched.ErrorCode != nil || fetched.DateSent == nil {
		t.Errorf("fetched %+v, %v", fetched, err)
	}
	today := time.Now().UTC()
	for name, test := range map[string]struct {
		params *openapi.ListMessageParams
		want   []string
	}{
		"all":     {&openapi.ListMessageParams{}, []string{"Thank you.", "Yes.", "May we ask you something?"}},
		"paged":   {(&openapi.ListMessageParams{}).SetPageSize(2), []string{"Thank you.", "Yes.", "May we ask you something?"}},
		"From":    {(&openapi.ListMessageParams{}).SetFrom("+15557770001"), []string{"Yes."}},
		"To":      {(&openapi.ListMessageParams{}).SetTo("+15557770001"), []string{"Thank you.", "May we ask you something?"}},
		"earlier": {(&openapi.ListMessageParams{}).SetDateSentBefore(today.AddDate(0, 0, -2)), nil},
	} {
		list, err := r.api.Api.ListMessage(test.params)
		var bodies []string
		for _, m := range list {
			bodies = append(bodies, *m.Body)
		}
		if err != nil || fmt.Sprint(bodies) != fmt.Sprint(test.want) {
			t.Errorf("%s: %q, %v", name, bodies, err)
		}
	}
	if n := r.refused.Load(); n != 0 || len(r.sim.Report().Broken) != 0 {
		t.Errorf("%d signatures were refused, broken %+v", n, r.sim.Report().Broken)
	}
}

func TestOfficialClientReadsWhyAMessageDidNotArrive(t *testing.T) {
	r := newMessageFixture(t, simulator.Script{Receipt: simulator.Undelivered, ErrorCode: 30006})
	params := (&openapi.CreateMessageParams{}).SetTo("+15557770001").SetFrom("+15550001111").SetBody("Hello")
	created, err := r.api.Api.CreateMessage(params)
	if err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	m, err := r.api.Api.FetchMessage(*created.Sid, nil)
	if err != nil || *m.Status != "undelivered" || *m.ErrorCode != 30006 || *m.ErrorMessage != "Landline or unreachable carrier" {
		t.Errorf("%+v, %v", m, err)
	}
	var refusal *twilioclient.TwilioRestError
	if _, err = r.api.Api.CreateMessage(params.SetTo("me")); !errors.As(err, &refusal) || refusal.Status != 400 || refusal.Code != 21211 {
		t.Errorf("a number that is none: %v", err)
	}
}
