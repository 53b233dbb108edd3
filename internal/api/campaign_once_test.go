package api_test

import (
	"reflect"
	"sync"
	"testing"
)

func TestRepeatedRequestMakesOneCampaign(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		const path, key = "/api/campaigns", "Idempotency-Key: spring"
		replies := make([]reply, 8)
		var all sync.WaitGroup
		for i := range replies {
			all.Go(func() {
				replies[i] = s.do("POST", path, `{"name":"Shelves","hypotheses":[{"question":"Is it dear?"}]}`, key)
			})
		}
		all.Wait()
		replayed := 0
		for _, r := range replies {
			id := r.want(201).text("id")
			if r.text != replies[0].text || r.header.Get("Location") != path+"/"+id || id == "" {
				t.Errorf("answered %s at %q, and %s", r.text, r.header.Get("Location"), replies[0].text)
			}
			if r.header.Get("Idempotent-Replayed") == "true" {
				replayed++
			}
		}
		if n := len(s.get(path).want(200).list(t, "items")); n != 1 || replayed != len(replies)-1 {
			t.Errorf("%d campaigns, %d of %d answers are repetitions", n, replayed, len(replies))
		}
		if got := s.oneCampaign(replies[0].header.Get("Location")); !reflect.DeepEqual(got, replies[0].want(201)) {
			t.Errorf("the campaign is %v", got)
		}
		s.do("POST", path, `{"name":"Prices"}`, key).wantError(422, "Idempotency-Key was used for another request")
		s.do("POST", path, `{"name":""}`, "Idempotency-Key: summer").want(422)
		s.do("POST", path, `{"name":"Shelves"}`, "Idempotency-Key: summer").want(201)
		if n := len(s.get(path).want(200).list(t, "items")); n != 2 {
			t.Errorf("%d campaigns", n)
		}
	})
}
