package signaling

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// endpoint is a machine with an owner that does what the effects say: the
// world is what its transports and its data association are doing by them.
// Its verbs fail the test if the machine refuses.
type endpoint struct {
	t    testing.TB
	name string
	*Machine
	local Local
	// accept returns what the endpoint has for a section of the peer's that makes a
	// transceiver; nil is nothing.
	accept  func(kind codec.Kind) Transceiver
	effects Effects // of the last call
	world   world
	made    map[ICEParameters]bool
}

// world is what an endpoint's effects have led to.
type world struct {
	state      State
	transports map[TransportID]*transport
	data       *StartData
	closed     map[TransportID]bool
	// transceivers are those of the program, stopped those that it had.
	transceivers, stopped []*transceiver
}

type transport struct {
	controlling bool
	local       ICEParameters
	remote      *RemoteICE
	candidates  []string
	ended       bool
	dtls        *StartDTLS
}

func newEndpoint(t testing.TB, name string) *endpoint {
	return newEndpointWith(t, name, Config{SessionID: 42})
}

func newEndpointWith(t testing.TB, name string, cfg Config) *endpoint {
	e := &endpoint{t: t, name: name, Machine: New(cfg), made: map[ICEParameters]bool{}}
	e.world = world{transports: map[TransportID]*transport{}, closed: map[TransportID]bool{}}
	e.local = Local{
		Fresh: func() ICEParameters {
			p := ICEParameters{
				Ufrag: fmt.Sprintf("%s-%04d", name, len(e.made)+1),
				Pwd:   fmt.Sprintf("%s-secret-%022d", name, len(e.made)+1),
			}
			e.made[p] = true
			return p
		},
		Fingerprints:   []sdp.Fingerprint{fingerprint(name[0])},
		Data:           true,
		MaxMessageSize: 262144,
	}
	return e
}

// fingerprint returns a SHA-256 fingerprint of the same byte all along.
func fingerprint(b byte) sdp.Fingerprint {
	return sdp.Fingerprint{Algorithm: "sha-256", Value: strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%02X:", b), 32), ":")}
}

// apply does what effects say, and fails the test where they make no sense.
func (e *endpoint) apply(effects Effects) {
	e.t.Helper()
	e.effects = effects
	w := &e.world
	get := func(t TransportID) *transport {
		tr := w.transports[t]
		if tr == nil {
			e.t.Fatalf("%s: an effect for transport %d, which does not exist: %+v", e.name, t, effects)
		}
		return tr
	}
	for _, effect := range effects {
		switch f := effect.(type) {
		case StateChanged:
			if f.State == w.state {
				e.t.Fatalf("%s: the state changed to %s, which it was", e.name, f.State)
			}
			w.state = f.State
		case ICERole:
			if w.closed[f.Transport] {
				e.t.Fatalf("%s: transport %d was closed and comes again", e.name, f.Transport)
			}
			if w.transports[f.Transport] == nil {
				w.transports[f.Transport] = &transport{}
			}
			get(f.Transport).controlling = f.Controlling
		case LocalICE:
			get(f.Transport).local = f.Parameters
		case RemoteICE:
			tr := get(f.Transport)
			tr.remote, tr.candidates, tr.ended = &f, nil, false
		case RemoteCandidate:
			tr := get(f.Transport)
			if tr.remote == nil {
				e.t.Fatalf("%s: a candidate before the credentials: %+v", e.name, effects)
			}
			if slices.Contains(tr.candidates, f.Candidate) {
				e.t.Fatalf("%s: candidate %q twice", e.name, f.Candidate)
			}
			tr.candidates = append(tr.candidates, f.Candidate)
		case RemoteEndOfCandidates:
			if get(f.Transport).ended {
				e.t.Fatalf("%s: two ends of candidates", e.name)
			}
			get(f.Transport).ended = true
		case StartDTLS:
			get(f.Transport).dtls = &f
		case StartData:
			if w.data != nil {
				e.t.Fatalf("%s: data is started twice", e.name)
			}
			if get(f.Transport).dtls == nil {
				e.t.Fatalf("%s: data is started before DTLS", e.name)
			}
			w.data = &f
		case UpdateData:
			if w.data == nil {
				e.t.Fatalf("%s: data is changed but not started", e.name)
			}
			w.data.RemoteMaxMessageSize = f.RemoteMaxMessageSize
		case StopData:
			if w.data == nil {
				e.t.Fatalf("%s: data is stopped but not started", e.name)
			}
			w.data = nil
		case CloseTransport:
			get(f.Transport)
			delete(w.transports, f.Transport)
			w.closed[f.Transport] = true
		default:
			if !e.applyMedia(effect) {
				e.t.Fatalf("%s: an effect of type %T", e.name, effect)
			}
		}
	}
	e.checkMedia()
	if w.state != e.State() {
		e.t.Fatalf("%s: the effects say %s, the machine is in %s", e.name, w.state, e.State())
	}
}

// describe returns what the world is like, for comparison.
func (w *world) describe() string {
	var b strings.Builder
	fmt.Fprintln(&b, w.state)
	for _, id := range slices.Sorted(maps.Keys(w.transports)) {
		t := w.transports[id]
		fmt.Fprintf(&b, "%d: controlling %v local %v candidates %q ended %v", id, t.controlling, t.local, t.candidates, t.ended)
		if t.remote != nil {
			fmt.Fprintf(&b, " remote %+v", *t.remote)
		}
		if t.dtls != nil {
			fmt.Fprintf(&b, " dtls %+v", *t.dtls)
		}
		fmt.Fprintln(&b)
	}
	if w.data != nil {
		fmt.Fprintf(&b, "data %+v\n", *w.data)
	}
	for _, t := range w.transceivers {
		fmt.Fprintln(&b, t)
	}
	return b.String()
}

func (e *endpoint) setLocal(d Description) {
	e.t.Helper()
	effects, err := e.SetLocal(d, e.local)
	if err != nil {
		e.t.Fatalf("%s: set local %s in %s: %v", e.name, d.Type, e.State(), err)
	}
	e.apply(effects)
}

func (e *endpoint) setRemote(d Description) {
	e.t.Helper()
	effects, err := e.SetRemote(d, e.local)
	if err != nil {
		e.t.Fatalf("%s: set remote %s in %s: %v", e.name, d.Type, e.State(), err)
	}
	e.apply(effects)
}

// offer creates an offer, sets it, and returns it as it is to be sent.
func (e *endpoint) offer() Description {
	e.t.Helper()
	e.setLocal(Description{Type: Offer})
	return *e.PendingLocal()
}

// restart offers with new credentials.
func (e *endpoint) restart() Description {
	e.t.Helper()
	text, err := e.CreateOffer(e.local, OfferOptions{ICERestart: true})
	if err != nil {
		e.t.Fatal(err)
	}
	e.setLocal(Description{Type: Offer, SDP: text})
	return *e.PendingLocal()
}

// answer answers an offer that was received.
func (e *endpoint) answer(offer Description) Description {
	e.t.Helper()
	e.setRemote(offer)
	e.setLocal(Description{Type: Answer})
	return *e.CurrentLocal()
}

// pranswer answers provisionally.
func (e *endpoint) pranswer() Description {
	e.t.Helper()
	e.setLocal(Description{Type: Pranswer})
	return *e.PendingLocal()
}

func (e *endpoint) rollback() {
	e.t.Helper()
	e.setLocal(Description{Type: Rollback})
}

func (e *endpoint) wantState(want State, when string) {
	e.t.Helper()
	if e.State() != want {
		e.t.Errorf("%s %s: state %s, want %s", e.name, when, e.State(), want)
	}
}

// wantSlots says which descriptions there are: a letter for each of current
// local, pending local, current remote and pending remote.
func (e *endpoint) wantSlots(want, when string) {
	e.t.Helper()
	got := ""
	for _, slot := range []struct {
		name        string
		description *Description
	}{
		{"CL", e.CurrentLocal()}, {"PL", e.PendingLocal()}, {"CR", e.CurrentRemote()}, {"PR", e.PendingRemote()},
	} {
		if slot.description != nil {
			got += " " + slot.name + ":" + slot.description.Type.String()
		}
	}
	if got = strings.TrimSpace(got); got != want {
		e.t.Errorf("%s %s: slots %q, want %q", e.name, when, got, want)
	}
}

// only returns the one transport that there is.
func (e *endpoint) only() *transport {
	e.t.Helper()
	if len(e.world.transports) != 1 {
		e.t.Fatalf("%s has %d transports, want 1:\n%s", e.name, len(e.world.transports), e.world.describe())
	}
	for _, t := range e.world.transports {
		return t
	}
	return nil
}

func (e *endpoint) onlyID() TransportID {
	e.t.Helper()
	e.only()
	return slices.Collect(maps.Keys(e.world.transports))[0]
}

// ids returns the identities of the transports, in order.
func (e *endpoint) ids() []TransportID { return slices.Sorted(maps.Keys(e.world.transports)) }

// wantConnected says that two endpoints are set up for each other.
func wantConnected(a, b *endpoint, when string) {
	a.t.Helper()
	for _, e := range []*endpoint{a, b} {
		e.wantState(Stable, when)
		if e.world.data == nil || e.only().remote == nil || e.only().dtls == nil {
			e.t.Fatalf("%s %s: not connected:\n%s", e.name, when, e.world.describe())
		}
	}
	at, bt := a.only(), b.only()
	if at.remote.Parameters != bt.local || bt.remote.Parameters != at.local {
		a.t.Errorf("%s: the credentials do not fit:\n%s%s", when, a.world.describe(), b.world.describe())
	}
	if at.dtls.Client == bt.dtls.Client {
		a.t.Errorf("%s: both have the same DTLS role", when)
	}
	if at.controlling == bt.controlling {
		a.t.Errorf("%s: both have the same ICE role", when)
	}
	if !slices.Equal(at.dtls.Fingerprints, b.local.Fingerprints) || !slices.Equal(bt.dtls.Fingerprints, a.local.Fingerprints) {
		a.t.Errorf("%s: wrong fingerprints", when)
	}
}

// connected returns two endpoints that have negotiated; a offered.
func connected(t testing.TB) (a, b *endpoint) {
	t.Helper()
	a, b = newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.setRemote(b.answer(a.offer()))
	wantConnected(a, b, "after the first answer")
	return a, b
}

// wantRefused says that a call fails with an error of type E and leaves the
// machine as it was.
func wantRefused[E error](e *endpoint, what string, call func() error) {
	e.t.Helper()
	before := e.dump()
	err := call()
	if err == nil {
		e.t.Errorf("%s: no error", what)
		return
	}
	var want E
	if !errors.As(err, &want) {
		e.t.Errorf("%s: got %T (%v), want %T", what, err, err, want)
	}
	if after := e.dump(); after != before {
		e.t.Errorf("%s failed but changed the machine from\n%s\nto\n%s", what, before, after)
	}
}

// dump returns everything that a machine holds, as text.
func (m *Machine) dump() string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(m.n).Elem(), 0)
	return b.String()
}

// dumpValue writes a value with all that it points to, maps in order.
func dumpValue(b *strings.Builder, v reflect.Value, depth int) {
	indent := strings.Repeat(" ", depth)
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			fmt.Fprint(b, "nil\n")
			return
		}
		dumpValue(b, v.Elem(), depth)
	case reflect.Struct:
		fmt.Fprintf(b, "%s\n", v.Type())
		for i := range v.NumField() {
			fmt.Fprintf(b, "%s %s: ", indent, v.Type().Field(i).Name)
			dumpValue(b, v.Field(i), depth+1)
		}
	case reflect.Slice, reflect.Array:
		fmt.Fprintf(b, "%d\n", v.Len())
		for i := range v.Len() {
			fmt.Fprintf(b, "%s %d: ", indent, i)
			dumpValue(b, v.Index(i), depth+1)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
		fmt.Fprintf(b, "%d\n", len(keys))
		for _, k := range keys {
			fmt.Fprintf(b, "%s %v: ", indent, k)
			dumpValue(b, v.MapIndex(k), depth+1)
		}
	default:
		fmt.Fprintf(b, "%v\n", v)
	}
}

// replaced returns a description with old in its text replaced, which has to
// be there.
func replaced(t testing.TB, d Description, old, with string) Description {
	t.Helper()
	if !strings.Contains(d.SDP, old) {
		t.Fatalf("%q is not in\n%s", old, d.SDP)
	}
	d.SDP = strings.ReplaceAll(d.SDP, old, with)
	return d
}

// without returns a description without the lines that begin with prefix.
func without(t testing.TB, d Description, prefix string) Description {
	t.Helper()
	var kept strings.Builder
	found := false
	for line := range strings.Lines(d.SDP) {
		if strings.HasPrefix(line, prefix) {
			found = true
			continue
		}
		kept.WriteString(line)
	}
	if !found {
		t.Fatalf("no line %q in\n%s", prefix, d.SDP)
	}
	d.SDP = kept.String()
	return d
}

// lines returns the lines of a description that begin with prefix.
func lines(d *Description, prefix string) []string {
	var found []string
	for line := range strings.Lines(d.SDP) {
		if line = strings.TrimRight(line, "\r\n"); strings.HasPrefix(line, prefix) {
			found = append(found, line)
		}
	}
	return found
}

func pointer[T any](v T) *T { return &v }
