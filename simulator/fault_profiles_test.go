package simulator

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestEveryRateIsDescribed(t *testing.T) {
	fields, names := map[string]bool{}, map[Fault]bool{}
	for _, entry := range catalogue() {
		doc := entry.doc
		if names[doc.Name] || doc.Meaning == "" || doc.Correct == "" || doc.Refuse != doc.Name.forged() || doc.Rough > doc.Hostile || doc.Hostile == 0 {
			t.Errorf("%+v", doc)
		}
		names[doc.Name], fields[doc.Field] = true, true
		var f Faults
		if err := f.Set(doc.Name, 0.5); err != nil || reflect.ValueOf(f).FieldByName(doc.Field).Float() != 0.5 {
			t.Errorf("%s does not set %s: %v", doc.Name, doc.Field, err)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Faults]()) {
		if !fields[field.Name] {
			t.Errorf("%s is not described", field.Name)
		}
	}
}

func TestProfilesHaveTheDocumentedFaults(t *testing.T) {
	for _, name := range Profiles() {
		f, err := ParseProfile(name)
		if err != nil || f.check() != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text, _ := json.Marshal(f); (string(text) == "{}") != (name == "calm") {
			t.Errorf("%s is %s", name, text)
		}
	}
	rough, _ := ParseProfile("rough")
	if rough.Drop+rough.RESTErrorBefore+rough.RESTErrorAfter+rough.RESTTimeoutAfter+rough.RESTCutAfter != 0 {
		t.Errorf("rough takes a reconciler: %+v", rough)
	}
	if _, err := ParseProfile("angry"); err == nil {
		t.Error("a profile that does not exist")
	}
	if (&Faults{}).Set("drop", 2) == nil || (&Faults{}).Set("flu", 0.1) == nil {
		t.Error("a rate that is none, or a fault that does not exist")
	}
}
