package e2etest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/i-agent/iagent/simulator"
)

// SecondOpinion is a judge of finished calls that shares nothing with e2e.Judge, so that a fault in the one does not hide a
// fault of the program from both: no client, no type of the API's resources, and not the source of truth. It does not ask the
// simulator what is true of a call, but reads it from the webhooks that were sent.
func SecondOpinion(ctx context.Context, url string, sent []simulator.Delivery, callIDs []string) (faults []string, err error) {
	for _, id := range callIDs {
		call, err := readRaw(ctx, url+"/api/calls/"+id)
		if err != nil {
			return nil, err
		}
		// What was told of the call, by CallSid; what was forged or never arrived told nothing.
		told, accepted := map[string]bool{}, map[string]bool{}
		recorded := map[string]bool{}
		end := ""
		for _, d := range sent {
			if !strings.Contains(d.URL, "callId="+id) || d.Status/100 != 2 {
				continue
			}
			told[d.Params.Get("CallSid")] = true
			accepted[fmt.Sprint(d.Ordinal)] = true
			if d.Kind == simulator.KindRecording && d.Params.Get("RecordingStatus") != "absent" {
				recorded[d.Params.Get("RecordingSid")] = true
			}
			switch status := d.Params.Get("CallStatus"); status {
			case "completed", "busy", "no-answer", "failed", "canceled":
				end = strings.ReplaceAll(status, "-", "_")
			}
		}
		fault := func(format string, args ...any) {
			faults = append(faults, "call "+id+": "+fmt.Sprintf(format, args...))
		}
		if len(told) > 1 {
			fault("webhooks of %d calls came for it", len(told))
		}
		if sid, _ := call["twilioSid"].(string); sid != "" && len(told) == 1 && !told[sid] {
			fault("has the CallSid %s, of which no webhook came", sid)
		}
		if status, _ := call["status"].(string); !strings.EqualFold(status, end) && end != "" {
			fault("is %s, and Twilio said %s", status, end)
		}
		events := map[string]int{}
		for _, e := range list(call, "events") {
			// Twilio has no callback for a call that is queued: whoever fetches the call is told.
			if e["outcome"] == "accepted" && !strings.HasSuffix(fmt.Sprint(e["eventId"]), ":status:queued") {
				events[fmt.Sprint(e["eventId"])]++
			}
		}
		if len(events) != len(accepted) {
			fault("%d webhooks were answered 2xx, %d took effect", len(accepted), len(events))
		}
		for event, n := range events {
			if n > 1 {
				fault("%s took effect %d times", event, n)
			}
		}
		var known []string
		for _, r := range list(call, "recordings") {
			known = append(known, fmt.Sprint(r["sid"]))
			if !recorded[fmt.Sprint(r["sid"])] && r["status"] != "absent" {
				fault("has the recording %s, of which no webhook came", r["sid"])
			}
		}
		for sid := range recorded {
			if !slices.Contains(known, sid) {
				fault("lacks the recording %s", sid)
			}
		}
	}
	return faults, nil
}

func readRaw(ctx context.Context, url string) (resource map[string]any, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+AdminToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("second opinion: %s: %s", url, answer.Status)
	}
	return resource, json.NewDecoder(answer.Body).Decode(&resource)
}

// list reads an array of objects.
func list(resource map[string]any, name string) (objects []map[string]any) {
	all, _ := resource[name].([]any)
	for _, each := range all {
		if object, ok := each.(map[string]any); ok {
			objects = append(objects, object)
		}
	}
	return objects
}
