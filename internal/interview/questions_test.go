package interview

import (
	"slices"
	"testing"
)

func TestQuestionsAreFilledWithTheContactsVariables(t *testing.T) {
	filled, missing := FillQuestions(
		[]string{"Do you still sell {{product}} at {{ shop_1 }}?", "How much is {{product}}?", "No variable {{}} {{a b}} {product}"},
		map[string]string{"product": " oat\n drink ", "shop_1": "{{product}} & <Sons>"})
	if want := []string{"Do you still sell oat drink at {{product}} & <Sons>?", "How much is oat drink?", "No variable {{}} {{a b}} {product}"}; !slices.Equal(filled, want) || missing != nil {
		t.Errorf("filled %q, missing %q", filled, missing)
	}
}

func TestMissingVariablesAreNamedOnce(t *testing.T) {
	questions := []string{"{{b}} and {{a}}?", "{{a}} or {{blank}}?", "{{A}}"}
	filled, missing := FillQuestions(questions, map[string]string{"blank": " ", "A": "x"})
	if want := []string{"b", "a", "blank"}; !slices.Equal(missing, want) {
		t.Errorf("missing %q, want %q", missing, want)
	}
	if want := []string{"{{b}} and {{a}}?", "{{a}} or {{blank}}?", "x"}; !slices.Equal(filled, want) {
		t.Errorf("filled %q", filled)
	}
	if questions[2] != "{{A}}" {
		t.Error("the questions that were given have changed")
	}
}
