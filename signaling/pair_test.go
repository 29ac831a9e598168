package signaling

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/sdp"
)

// endpoint is a machine with what its owner would give it, and a log of the
// effects that it asked for.
type endpoint struct {
	t    *testing.T
	name string
	*Machine
	local   Local
	fresh   int
	effects Effects
}

func newEndpoint(t *testing.T, name string) *endpoint {
	e := &endpoint{t: t, name: name, Machine: New(Config{SessionID: uint64(len(name)) + 41})}
	e.local = Local{
		Fresh: func() ICEParameters {
			e.fresh++
			return ICEParameters{
				Ufrag: fmt.Sprintf("%sfrag%d", name, e.fresh),
				Pwd:   fmt.Sprintf("%spassword%022d", name, e.fresh),
			}
		},
		Fingerprints:   []sdp.Fingerprint{{Algorithm: "sha-256", Value: strings.Repeat(name+"A:", 31) + name + "A"}},
		Data:           true,
		MaxMessageSize: 262144,
	}
	return e
}

func TestHappyPath(t *testing.T) {
	a, b := newEndpoint(t, "A"), newEndpoint(t, "B")
	offer, err := a.CreateOffer(a.local, OfferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(offer)
	e, err := a.SetLocal(Description{Offer, offer}, a.local)
	t.Logf("%+v %v", e, err)
	e, err = b.SetRemote(Description{Offer, offer}, b.local)
	t.Logf("%+v %v", e, err)
	e, err = b.SetLocal(Description{}, b.local)
	t.Logf("%+v %v", e, err)
	t.Log(b.Local().SDP)
	e, err = a.SetRemote(*b.Local(), a.local)
	t.Logf("%+v %v", e, err)
	if a.State() != Stable || b.State() != Stable {
		t.Fatal("not stable")
	}
}
