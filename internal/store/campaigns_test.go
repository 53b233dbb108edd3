package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestCampaignComesBackWithItsHypothesesInTheOrderGiven(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		asked := interview.Campaign{Name: "Shelves", Category: "retail", PromptTemplate: "Ask:\n- Price?", Status: interview.CampaignDraft}
		for i := range 20 {
			asked.Hypotheses = append(asked.Hypotheses, interview.Hypothesis{Question: fmt.Sprintf("question %d", 19-i)})
		}
		created, err := s.CreateCampaign(t.Context(), asked)
		if err != nil {
			t.Fatal(err)
		}
		if created.ID == "" || !created.CreatedAt.Equal(clock.Now()) || len(created.Hypotheses) != 20 {
			t.Fatalf("%+v", created)
		}
		read, err := s.Campaign(t.Context(), created.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !read.CreatedAt.Equal(created.CreatedAt) || read.PromptTemplate != asked.PromptTemplate {
			t.Fatalf("read %+v, created %+v", read, created)
		}
		for i, h := range read.Hypotheses {
			if h.ID != created.Hypotheses[i].ID || h.Question != asked.Hypotheses[i].Question || h.Status != interview.HypothesisPending {
				t.Errorf("hypothesis %d: %+v", i, h)
			}
			if one, err := s.Hypothesis(t.Context(), h.ID); err != nil || one.Question != h.Question || one.CampaignID != created.ID {
				t.Errorf("hypothesis %d alone: %+v, %v", i, one, err)
			}
		}
	})
}

func TestListedCampaignShowsItsOwnHypotheses(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		for _, name := range []string{"one", "two", "three"} {
			_, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: name, Status: interview.CampaignDraft,
				Hypotheses: []interview.Hypothesis{{Question: name + " a"}, {Question: name + " b"}}})
			if err != nil {
				t.Fatal(err)
			}
		}
		all, err := s.Campaigns(t.Context(), CampaignFilter{}, Page{Limit: 3})
		if err != nil || len(all.Items) != 3 || all.Next != "" {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, c := range all.Items {
			if len(c.Hypotheses) != 2 || c.Hypotheses[0].Question != c.Name+" a" || c.Hypotheses[1].Question != c.Name+" b" {
				t.Errorf("%s: %+v", c.Name, c.Hypotheses)
			}
		}
	})
}

func TestChangingOneFieldOfACampaignKeepsTheOthers(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		created, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Category: "retail", PromptTemplate: "- Price?",
			Status: interview.CampaignDraft, Identity: storetest.Caller(), Hypotheses: []interview.Hypothesis{{Question: "Is it dear?"}}})
		if err != nil {
			t.Fatal(err)
		}
		active, empty := interview.CampaignActive, ""
		changed, err := s.UpdateCampaign(t.Context(), created.ID, CampaignChange{Status: &active, Category: &empty})
		if err != nil {
			t.Fatal(err)
		}
		if changed.Status != active || changed.Category != "" || changed.Name != "Shelves" || changed.PromptTemplate != "- Price?" ||
			len(changed.Hypotheses) != 1 {
			t.Fatalf("%+v", changed)
		}
		if _, err := s.UpdateCampaign(t.Context(), "none", CampaignChange{Status: &active}); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown campaign: %v", err)
		}
	})
}

func TestListNeitherRepeatsNorSkipsWhatIsAddedMeanwhile(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		var made []string
		add := func() {
			c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "n", Status: interview.CampaignDraft})
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, c.ID)
		}
		for range 7 {
			add()
		}
		want := slices.Clone(made)
		slices.Sort(want)
		slices.Reverse(want)
		var got []string
		page := Page{Limit: 3}
		for {
			clock.Advance(time.Millisecond) // what is made now sorts before all of the list
			part, err := s.Campaigns(t.Context(), CampaignFilter{}, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range part.Items {
				got = append(got, c.ID)
			}
			if page.After = part.Next; page.After == "" {
				break
			}
			if len(part.Items) != 3 {
				t.Fatalf("a part of %d with another one behind it", len(part.Items))
			}
			add()
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
