package source

import (
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

func TestStateValuesSurvive(t *testing.T) {
	rt := newRouter(t, nil)
	r := rt.begin(t)
	row := &model.Row{Key: "k", Number: 1}
	other := &model.Row{Key: "l", Number: 2}
	child := &model.Row{Key: "c", Number: 1, Parent: row}
	rt.set(t, r, "state ParameterKey", nil, "key 1")
	for value, at := range map[string]*model.Row{"of k": row, "of l": other, "of c": child} {
		rt.set(t, r, "state Name", at, value)
	}
	wantText(t, "own write", rt.get(t, r, "state ParameterKey", nil), "key 1")
	wantText(t, "another transaction", rt.get(t, rt.begin(t), "state ParameterKey", nil), "")
	rt.commit(t, r)

	again := rt.begin(t)
	wantText(t, "global", rt.get(t, again, "state ParameterKey", nil), "key 1")
	wantText(t, "row", rt.get(t, again, "state Name", row), "of k")
	wantText(t, "other row", rt.get(t, again, "state Name", other), "of l")
	wantText(t, "child", rt.get(t, again, "state Name", child), "of c")
	wantText(t, "Reader", again.State("ParameterKey"), "key 1")

	fresh := New(rt.cfg)
	a, err := fresh.Begin(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	wantText(t, "after a restart", a.(*Reader).State("ParameterKey"), "key 1")
}

func TestStateOfADeletedRowGoes(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/x": "config t 'k'\nconfig t 'l'\n"})
	r := rt.begin(t)
	rows := rt.expr(t, model.UseRows, "uci x.@t")
	k := &model.Row{Key: "k", Package: "x", Section: "k", Number: 1}
	l := &model.Row{Key: "l", Package: "x", Section: "l", Number: 2}
	child := &model.Row{Key: "c", Number: 1, Parent: k}
	for _, row := range []*model.Row{k, l, child} {
		rt.set(t, r, "state Name", row, "v")
	}
	rt.commit(t, r)
	r = rt.begin(t)
	if err := r.Delete(t.Context(), rows, k); err != nil {
		t.Fatal(err)
	}
	wantText(t, "deleted", rt.get(t, r, "state Name", k), "")
	wantText(t, "below it", rt.get(t, r, "state Name", child), "")
	wantText(t, "another", rt.get(t, r, "state Name", l), "v")
	rt.commit(t, r)
	wantText(t, "saved", rt.get(t, rt.begin(t), "state Name", child), "")
}

func TestStateThatIsNotCommittedNeverWas(t *testing.T) {
	rt := newRouter(t, nil)
	r := rt.begin(t)
	r.SetState("a", "1")
	if _, err := r.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	wantText(t, "after a close", rt.begin(t).State("a"), "")
}

func TestStateOfTheSameValueIsNotSaved(t *testing.T) {
	rt := newRouter(t, nil)
	r := rt.begin(t)
	r.SetState("a", "1")
	rt.commit(t, r)
	r = rt.begin(t)
	r.SetState("a", "1")
	r.SetState("b", "")
	if p := rt.commit(t, r); len(p.Files) != 0 {
		t.Errorf("%d files for nothing", len(p.Files))
	}
}

func TestStateKeepsLists(t *testing.T) {
	rt := newRouter(t, nil)
	r := rt.begin(t)
	rt.set(t, r, "state Items", nil, list("a", "b,c"))
	rt.commit(t, r)
	wantText(t, "list", rt.get(t, rt.begin(t), "state Items", nil), list("a", "b,c"))
}

func TestStateOfTwoWritersIsNotLost(t *testing.T) {
	rt := newRouter(t, nil)
	early := rt.begin(t)
	wantText(t, "read before the other writes", early.State("a"), "")
	other := rt.begin(t)
	other.SetState("a", "1")
	rt.commit(t, other)
	early.SetState("b", "2")
	rt.commit(t, early)
	r := rt.begin(t)
	wantText(t, "of the first", r.State("a"), "1")
	wantText(t, "of the second", r.State("b"), "2")
}
