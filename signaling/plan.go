package signaling

import (
	"maps"
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// plan is what the transports, the data association and the transceivers should
// be doing, as the descriptions say. Effects are the difference of two plans; a
// rollback is the difference back.
type plan struct {
	transports map[TransportID]transportPlan
	data       *dataPlan
	// media is what flows through each transceiver. Its values are not changed,
	// but replaced.
	media map[TransceiverID]*Media
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
	renomination  bool
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
	// localInit and remoteInit are the INIT chunks, both or neither.
	localInit, remoteInit string
}

// sameAssociation says whether an association goes on. RFC 8841 §9.3: a
// changed port means a new one.
func (d *dataPlan) sameAssociation(next *dataPlan) bool {
	return d.transport == next.transport && d.port == next.port
}

func (p plan) clone() plan {
	c := emptyPlan()
	c.data = p.data
	maps.Copy(c.transports, p.transports)
	maps.Copy(c.media, p.media)
	return c
}

func emptyPlan() plan {
	return plan{transports: map[TransportID]transportPlan{}, media: map[TransceiverID]*Media{}}
}

// planOffer returns the plan with an offer of ours pending: transports gather
// for the credentials that it has, and nothing else changes until the answer.
func planOffer(stable plan, offer *description) plan {
	p := stable.clone()
	for _, t := range transports(offer.rows) {
		i := carrier(offer.rows, offer.content, t)
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
// the offer pending, inForce the one that the effects so far have brought
// about: it differs from before if a provisional answer has been applied. A
// provisional answer leaves alone what it rejects, since the final one may
// accept it.
func planAnswer(before, inForce plan, ours, theirs, answer *description, l Local) plan {
	p := before.clone()
	if answer.kind == Answer {
		p = emptyPlan()
	}
	rows := answer.rows
	for _, t := range transports(rows) {
		i := carrier(rows, answer.content, t)
		v, known := before.transports[t]
		if !known {
			// RFC 8445 §6.1.1, as in planOffer.
			v.controlling = answer == theirs
		}
		v.local = ours.credentials(i)
		v.remote = remoteSide(ours, theirs, i, answer == ours)
		if old := inForce.transports[t].remote; old != nil && old.continues(v.remote) {
			// RFC 9429 §5.8.3: the DTLS role has to be that of the connection which is
			// being continued. A peer that answers with the other one cannot have it.
			v.remote.client = old.client
		}
		if theirs.ICELite != ours.ICELite {
			// RFC 8445 §6.1.1: with one full and one lite agent, the full one
			// controls, whoever made the offer.
			v.controlling = theirs.ICELite
		}
		p.transports[t] = v
	}
	if i := activeData(rows); i >= 0 {
		p.data = &dataPlan{
			transport:      rows[i].transport,
			port:           remotePort(theirs.Media[i]),
			maxMessageSize: theirs.Media[i].EffectiveMaxMessageSize(),
		}
		p.data.localInit, p.data.remoteInit = exchangedInits(ours.Media[i], theirs.Media[i])
	}
	for i, row := range rows {
		if row.transceiver != 0 && !row.rejected {
			p.media[row.transceiver] = planMedia(row, i, ours, theirs, answer == ours, l.transceiver(row.transceiver))
		}
	}
	return p
}

// remoteSide returns what the pair of descriptions says of the peer's end of
// the transport that section i carries.
func remoteSide(ours, theirs *description, i int, weAnswer bool) *remotePlan {
	attributes := theirs.transport[i]
	return &remotePlan{
		parameters:   theirs.credentials(i),
		lite:         theirs.ICELite,
		trickle:      attributes.HasICEOption("trickle"),
		renomination: attributes.HasICEOption(renominationOption),
		paired:       ours.credentials(i),
		client:       isClient(ours.transport[i].Setup, attributes.Setup, weAnswer),
		fingerprints: attributes.Fingerprints,
		tlsID:        attributes.TLSID,
	}
}

// isClient says whether our end sends the ClientHello. RFC 8842 §5.1: the
// endpoint that is active does. The answer decides; one that leaves a=setup out
// gets what the offer leaves to it, active before passive.
func isClient(ours, theirs sdp.Setup, weAnswer bool) bool {
	answer, offer := theirs, ours
	if weAnswer {
		answer, offer = ours, theirs
	}
	active := answer == sdp.SetupActive || answer == sdp.SetupUnspecified && offer != sdp.SetupActive
	return active == weAnswer
}

// continues says whether the DTLS association goes on under next: the peer is
// the same one. RFC 8842 §4 and §5.1: a changed tls-id or fingerprint asks for
// a new association. A list that has another hash more is not a changed one.
func (r *remotePlan) continues(next *remotePlan) bool {
	if r.tlsID != "" && next.tlsID != "" && r.tlsID != next.tlsID {
		return false
	}
	return slices.ContainsFunc(r.fingerprints, func(f sdp.Fingerprint) bool {
		return slices.Contains(next.fingerprints, f)
	})
}

func (r *remotePlan) sameDTLS(next *remotePlan) bool {
	return r.client == next.client && r.continues(next) && slices.Equal(r.fingerprints, next.fingerprints)
}

func (r *remotePlan) sameICE(next *remotePlan) bool {
	return r.parameters == next.parameters && r.paired == next.paired && r.lite == next.lite && r.trickle == next.trickle &&
		r.renomination == next.renomination
}

// ids returns the transports of the plan in the order of their identities.
func (p plan) ids() []TransportID {
	return slices.Sorted(maps.Keys(p.transports))
}
