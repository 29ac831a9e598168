package signaling

import (
	"maps"
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// plan is what the transports and the data association should be doing, as
// the descriptions say. Effects are the difference of two plans; a rollback is
// the difference back.
type plan struct {
	transports map[TransportID]transportPlan
	data       *dataPlan
}

// transportPlan is one transport's part.
type transportPlan struct {
	controlling bool
	local       ICEParameters
	// remote is nil until an answer, provisional or final, has been applied.
	remote *remotePlan
}

// remotePlan is what a transport knows of the peer.
type remotePlan struct {
	parameters    ICEParameters
	lite, trickle bool
	// paired are the local credentials that the peer's were negotiated with.
	// While an offer of ours restarts ICE, local is ahead of them.
	paired       ICEParameters
	client       bool
	fingerprints []sdp.Fingerprint
	tlsID        string
}

// dataPlan is the association's part.
type dataPlan struct {
	transport      TransportID
	port           uint16
	maxMessageSize uint64
}

func (p plan) clone() plan {
	c := plan{transports: make(map[TransportID]transportPlan, len(p.transports)), data: p.data}
	for t, v := range p.transports {
		c.transports[t] = v
	}
	return c
}

// planOffer returns the plan with an offer of ours pending: transports gather
// for the credentials that it has, and nothing else changes until the answer.
func planOffer(stable plan, offer *description) plan {
	p := stable.clone()
	for _, t := range transports(offer.rows) {
		i := carrier(offer.rows, offer.session, t)
		v, known := p.transports[t]
		if !known {
			// RFC 8445 §6.1.1: the agent that sends the initial offer controls.
			v.controlling = true
		}
		v.local = offer.credentials(i)
		p.transports[t] = v
	}
	return p
}

// planAnswer returns the plan with an answer applied. before is the plan with
// the offer pending, answerer the side that answers. A provisional answer
// leaves alone what it does not mention, since the final one may accept it.
func planAnswer(before plan, ours, theirs *description, rows []mline, answerer side, final bool) plan {
	p := before.clone()
	if final {
		p = plan{transports: map[TransportID]transportPlan{}}
	}
	answer := ours.session
	if answerer == remote {
		answer = theirs.session
	}
	for _, t := range transports(rows) {
		i := carrier(rows, answer, t)
		v := before.transports[t]
		v.local = ours.credentials(i)
		v.remote = remoteSide(ours, theirs, i, answerer)
		if theirs.session.ICELite {
			// RFC 8445 §6.1.1: with one full and one lite agent, the full one
			// controls, whoever made the offer.
			v.controlling = true
		}
		p.transports[t] = v
	}
	if i := activeData(rows); i >= 0 {
		m := theirs.session.Media[i]
		p.data = &dataPlan{
			transport:      rows[i].transport,
			port:           remotePort(m),
			maxMessageSize: m.EffectiveMaxMessageSize(),
		}
	}
	return p
}

// remoteSide returns what the pair of descriptions says of the peer's end of
// the transport that section i carries.
func remoteSide(ours, theirs *description, i int, answerer side) *remotePlan {
	attributes := transportOf(theirs.session, i)
	return &remotePlan{
		parameters:   ICEParameters{Ufrag: attributes.ICEUfrag, Pwd: attributes.ICEPwd},
		lite:         theirs.session.ICELite,
		trickle:      slices.Contains(attributes.ICEOptions, "trickle"),
		paired:       ours.credentials(i),
		client:       isClient(transportOf(ours.session, i).Setup, attributes.Setup, answerer),
		fingerprints: attributes.Fingerprints,
		tlsID:        attributes.TLSID,
	}
}

// isClient says whether our end sends the ClientHello. RFC 8842 §5.1: the
// endpoint that is active does. The answer decides; one that leaves a=setup out
// gets what the offer leaves to it, active before passive.
func isClient(ours, theirs sdp.Setup, answerer side) bool {
	answer, offer := theirs, ours
	if answerer == local {
		answer, offer = ours, theirs
	}
	active := answer == sdp.SetupActive || answer == sdp.SetupUnspecified && offer != sdp.SetupActive
	return active == (answerer == local)
}

func (r *remotePlan) sameDTLS(other *remotePlan) bool {
	return r.client == other.client && r.tlsID == other.tlsID && slices.Equal(r.fingerprints, other.fingerprints)
}

func (r *remotePlan) sameICE(other *remotePlan) bool {
	return r.parameters == other.parameters && r.paired == other.paired && r.lite == other.lite && r.trickle == other.trickle
}

// ids returns the transports of the plan in the order of their identities.
func (p plan) ids() []TransportID {
	return slices.Sorted(maps.Keys(p.transports))
}
