package api_test

import (
	"encoding/json"
	"testing"
)

// What a campaign says of its calls and can never take effect is refused, with the field, and not accepted silently.
func TestWhatCanNeverTakeEffectIsRefusedByItsField(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := "/api/campaigns/" + s.do("POST", "/api/campaigns", `{"name":"n"}`).want(201).text("id")
		decided := "/api/campaigns/" + s.do("POST", "/api/campaigns", `{"name":"n","hypotheses":[{"question":"q"}],"stopWhenDecided":true}`).want(201).text("id")
		for _, tc := range []struct{ body, field string }{
			{`"attempts":{"max":3,"on":[]}`, "attempts.on"},
			{`"attempts":{"max":1,"on":["BUSY"]}`, "attempts.on"},
			{`"attempts":{"on":["BUSY","NO_ANSWER","FAILED"]}`, "attempts.on"},
			{`"attempts":{"max":1,"waitMinutes":5}`, "attempts.waitMinutes"},
			{`"attempts":{"waitMinutes":1440}`, "attempts.waitMinutes"},
			{`"attempts":{"max":0}`, "attempts.max"},
			{`"attempts":{"max":2,"waitMinutes":43201}`, "attempts.waitMinutes"},
			{`"callingHours":[{"days":"mon","from":"09:00","to":"09:00"}]`, "callingHours[0].from"},
			{`"callingHours":[{"days":"mon-sun","from":"00:00","to":"24:00"},{"days":"mon","from":"20:00","to":"09:00"}]`, "callingHours[1].from"},
			{`"callingHours":[{"days":"mon","from":"24:00","to":"24:00"}]`, "callingHours[0].from"},
			{`"callingHours":[{"days":"","from":"09:00","to":"10:00"}]`, "callingHours[0].days"},
			{`"holidays":["2026-02-30"]`, "holidays[0]"},
			{`"maxConcurrent":-1`, "maxConcurrent"},
			{`"maxPerDay":-1`, "maxPerDay"},
			{`"region":"XX"`, "region"},
			{`"stopWhenDecided":true`, "stopWhenDecided"},
		} {
			for _, answer := range []reply{s.do("POST", "/api/campaigns", `{"name":"n",`+tc.body+`}`), s.do("PATCH", campaign, `{`+tc.body+`}`)} {
				if fields := answer.want(422).list(t, "fields"); len(fields) != 1 || fields[0].text("field") != tc.field {
					t.Errorf("%s: %v", tc.body, fields)
				}
			}
		}
		// What has its effect, or says nothing, is taken.
		for _, body := range []string{`"attempts":{"max":1,"on":[]}`, `"attempts":{"max":3}`, `"attempts":{"max":3,"on":null}`, `"maxPerDay":0`, `"callingHours":[]`, `"region":"us"`} {
			s.do("PATCH", campaign, `{`+body+`}`).want(200)
		}
		if region := s.get(campaign).want(200).text("region"); region != "US" {
			t.Errorf("region %q", region)
		}
		s.do("PATCH", decided, `{"stopWhenDecided":true}`).want(200)
		// An answer sent back changes nothing.
		var read struct{ Attempts json.RawMessage }
		if err := json.Unmarshal([]byte(s.get(decided).text), &read); err != nil {
			t.Fatal(err)
		}
		s.do("PATCH", decided, `{"attempts":`+string(read.Attempts)+`}`).want(200)
		shown := s.do("PATCH", campaign, `{"attempts":{"max":3}}`).want(200)
		attempts, _ := shown["attempts"].(map[string]any)
		if on, _ := attempts["on"].([]any); len(on) != 4 {
			t.Errorf("after each outcome is shown as %v", attempts)
		}
	})
}
