package signaling

import (
	"maps"
	"reflect"
	"slices"
)

// commitPlan makes next the plan and returns what has to be done for it: first
// what ends, then each transport, then the data association and the media of each
// section. The peer's candidates come right behind the credentials that they
// belong to.
func (n *negotiation) commitPlan(next plan, rollback bool) Effects {
	old := n.plan
	n.plan = next
	var effects Effects
	for _, t := range slices.Sorted(maps.Keys(old.media)) {
		if next.media[t] == nil {
			effects = append(effects, MediaInForce{Transceiver: t})
		}
	}
	keepsData := old.data != nil && next.data != nil && old.data.sameAssociation(next.data) &&
		!renews(old.transports[next.data.transport], next.transports[next.data.transport])
	if keepsData && (next.data.localInit != old.data.localInit || next.data.remoteInit != old.data.remoteInit) {
		// What the association has begun with stays.
		data := *next.data
		data.localInit, data.remoteInit = old.data.localInit, old.data.remoteInit
		next.data = &data
		n.plan = next
	}
	if old.data != nil && !keepsData {
		effects = append(effects, StopData{})
	}
	for _, t := range old.ids() {
		if _, kept := next.transports[t]; !kept {
			effects = append(effects, CloseTransport{Transport: t})
			delete(n.delivered, t)
			delete(n.drafts, t)
		}
	}
	for _, t := range next.ids() {
		was, known := old.transports[t]
		effects = append(effects, n.transportEffects(t, was, next.transports[t], known, rollback)...)
	}
	switch d := next.data; {
	case d == nil:
	case !keepsData:
		effects = append(effects, StartData{
			Transport: d.transport, LocalPort: sctpPort, RemotePort: d.port, RemoteMaxMessageSize: d.maxMessageSize,
			LocalInit: d.localInit, RemoteInit: d.remoteInit,
		})
	case old.data.maxMessageSize != d.maxMessageSize:
		effects = append(effects, UpdateData{RemoteMaxMessageSize: d.maxMessageSize})
	}
	for _, row := range n.lines {
		is := next.media[row.transceiver]
		if is != nil && !reflect.DeepEqual(old.media[row.transceiver], is) {
			effects = append(effects, MediaInForce{Transceiver: row.transceiver, Media: is})
		}
	}
	return effects
}

// renews says whether a transport gets a new DTLS association.
func renews(was, is transportPlan) bool {
	return was.remote != nil && is.remote != nil && !was.remote.continues(is.remote)
}

// transportEffects returns what changes one transport from was to is.
func (n *negotiation) transportEffects(t TransportID, was, is transportPlan, known, rollback bool) Effects {
	var effects Effects
	if !known || was.controlling != is.controlling {
		effects = append(effects, ICERole{Transport: t, Controlling: is.controlling})
	}
	if !known || was.local != is.local {
		effects = append(effects, LocalICE{Transport: t, Parameters: is.local, Rollback: known && rollback})
	}
	if is.remote == nil {
		return effects
	}
	if was.remote == nil || !was.remote.sameICE(is.remote) {
		effects = append(effects, RemoteICE{
			Transport: t, Parameters: is.remote.parameters, Lite: is.remote.lite, Trickle: is.remote.trickle,
			Renomination: is.remote.renomination,
		})
		n.delivered[t] = delivery{}
	}
	effects = append(effects, n.deliver(t)...)
	if was.remote == nil || !was.remote.sameDTLS(is.remote) {
		effects = append(effects, StartDTLS{
			Transport: t, Client: is.remote.client, Fingerprints: slices.Clone(is.remote.fingerprints),
			Renew: renews(was, is),
		})
	}
	return effects
}
