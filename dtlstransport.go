package webrtc

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/dtlstransport"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/signaling"
)

// A DTLSTransport secures a connection's path (webrtc-pc §5.5): it proves that
// the peer is the one whose fingerprint came with its description. A
// PeerConnection makes it; find it through SCTPTransport.Transport.
type DTLSTransport struct {
	transport *transport
	ice       *ICETransport
	state     atomic.Int32
	onState   handler[func(DTLSTransportState)]
	onError   handler[func(error)]
}

// ICETransport returns the path that the records take.
func (t *DTLSTransport) ICETransport() *ICETransport { return t.ice }

// State returns the state of the transport (webrtc-pc §5.5.1).
func (t *DTLSTransport) State() DTLSTransportState { return DTLSTransportState(t.state.Load()) }

// GetRemoteCertificates returns the certificates that the peer presented, in
// DER, its own first; none before State is connected.
func (t *DTLSTransport) GetRemoteCertificates() [][]byte {
	if t.State() != DTLSTransportStateConnected {
		return nil
	}
	return t.transport.dtls.Load().RemoteCertificates()
}

// GetRemoteCertificate returns the peer's own certificate in DER, or nil
// before State is connected.
func (t *DTLSTransport) GetRemoteCertificate() []byte {
	if certificates := t.GetRemoteCertificates(); len(certificates) > 0 {
		return certificates[0]
	}
	return nil
}

// GetLocalParameters returns the fingerprints of the local certificate. The
// role is DTLSRoleAuto: descriptions negotiate it.
func (t *DTLSTransport) GetLocalParameters() (DTLSParameters, error) {
	certificate := t.transport.pc.certificate()
	fingerprints, err := certificate.GetFingerprints()
	if err != nil {
		return DTLSParameters{}, err
	}
	return DTLSParameters{Role: DTLSRoleAuto, Fingerprints: fingerprints}, nil
}

// WriteRTCP sends RTCP packets of the program's own over this transport and
// returns their length; see PeerConnection.WriteRTCP, which goes by way of
// interceptors. It returns an InvalidStateError if no media was negotiated on the
// transport, and an error that matches net.ErrClosed while it is not connected.
func (t *DTLSTransport) WriteRTCP(pkts []rtcp.Packet) (int, error) {
	s := t.transport.media.Load()
	if s == nil {
		return 0, &rtcerr.InvalidStateError{Err: fmt.Errorf("WriteRTCP: no media was negotiated on the transport")}
	}
	return s.WriteRTCP(time.Now(), pkts)
}

// OnStateChange sets the handler for changes of State.
func (t *DTLSTransport) OnStateChange(f func(DTLSTransportState)) { t.onState.set(f) }

// OnError sets the handler for the failure of the transport, an RTCError of
// pkg/rtcerr (webrtc-pc §5.5); the state is failed by then.
func (t *DTLSTransport) OnError(f func(error)) { t.onError.set(f) }

func (pc *PeerConnection) certificate() Certificate { return pc.view.Load().config.Certificates[0] }

// dtlsConfig is what every association of the connection has in common. The
// error says that the certificate or a setting cannot be used.
func (pc *PeerConnection) dtlsConfig() (dtlstransport.Config, error) {
	certificate, err := pc.config.Certificates[0].tlsCertificate()
	if err != nil {
		return dtlstransport.Config{}, err
	}
	config := pc.api.settings.dtlsConfig()
	config.Certificates = []tls.Certificate{certificate}
	config.Send = func([][]byte) error { return nil }
	_, err = dtlstransport.New(config)
	return config, err
}

// newDTLS makes the association that a transport will use. It is there before
// its parameters are, since the peer's first records may be.
func (t *transport) newDTLS() *dtlstransport.Transport {
	config := t.pc.dtls
	config.Logger = t.log
	config.Send = t.sendRecords
	if config.MTU == 0 && t.pc.api.settings.flightsInChecks {
		config.MTU = ice.MaxFlightPacket
	}
	var dtls *dtlstransport.Transport
	config.OnState = func(state dtlstransport.State, err error) {
		t.pc.loop.post(func(time.Time) {
			if t.dtls.Load() == dtls { // not one that was replaced
				t.dtlsEvent(state, err)
			}
		})
	}
	dtls, err := dtlstransport.New(config)
	if err != nil {
		panic(fmt.Sprintf("webrtc: the settings of DTLS were good before: %v", err))
	}
	return dtls
}

// send puts datagrams on the path of the moment. Without one they are lost,
// which DTLS and SCTP are made for.
func (t *transport) send(datagrams [][]byte) error {
	p := t.path.Load()
	if p == nil {
		return nil
	}
	err := p.send(datagrams)
	if pathLost(err) {
		return nil // as a router on the way would drop them; the agent is about to move
	}
	return err
}

// handleDTLS takes a record of a batch from a socket's goroutine. Only the peer's
// addresses are listened to, so that a stranger cannot disturb a handshake,
// which nothing authenticates at first.
func (t *transport) handleDTLS(from netip.AddrPort, b []byte) {
	if _, ok := (*t.known.Load())[from]; !ok {
		t.strangers.Add(1)
		return
	}
	t.dtls.Load().Deliver(b)
}

// startDTLS begins the handshake as soon as there is a path. A later exchange
// of descriptions may repeat the parameters. One that changes them has to match
// the certificate that the peer has shown, or to ask for a new association
// (RFC 8842 §3.1).
func (t *transport) startDTLS(e signaling.StartDTLS) {
	if t.dtlsStarted && !e.Renew {
		if err := t.dtls.Load().Reverify(dtlsFingerprints(e.Fingerprints)); err != nil {
			t.dtlsFailed(err)
		}
		return
	}
	if t.dtlsStarted {
		old := t.dtls.Swap(t.newDTLS())
		t.pc.tasks.Go(func() { _ = old.Close() })
		t.dtlsStarted = false
		t.dtlsStateChanged(DTLSTransportStateNew)
	}
	t.dtlsReady = &e
	t.startPendingDTLS()
}

func (t *transport) startPendingDTLS() {
	early := t.path.Load() == nil
	if t.dtlsReady == nil || t.dtlsStarted || early && !t.startsEarly() {
		return
	}
	t.dtlsStarted = true
	if t.pc.dtls.FlightInterval == 0 {
		interval := dtlstransport.FlightInterval(t.roundTripTime())
		if early {
			interval = earlyFlightInterval
		}
		t.dtls.Load().SetFlightInterval(interval)
	}
	role := dtlstransport.Passive
	if t.dtlsReady.Client {
		role = dtlstransport.Active
	}
	if err := t.dtls.Load().Start(role, dtlsFingerprints(t.dtlsReady.Fingerprints)); err != nil {
		t.dtlsFailed(err)
		return
	}
	if early {
		t.agent.StartFlights(time.Now(), t.dtlsReady.Client)
	}
}

// roundTripTime returns what ICE has measured on the selected pair, 0 if it has
// not measured any.
func (t *transport) roundTripTime() time.Duration {
	selected, _ := t.agent.SelectedPair()
	for _, s := range t.agent.Stats() {
		if s.Pair.ID == selected.ID {
			return time.Duration(s.CurrentRoundTripTime * float64(time.Second))
		}
	}
	return 0
}

func dtlsFingerprints(in []sdp.Fingerprint) []dtlstransport.Fingerprint {
	out := make([]dtlstransport.Fingerprint, len(in))
	for i, f := range in {
		out[i] = dtlstransport.Fingerprint{Algorithm: f.Algorithm, Value: f.Value}
	}
	return out
}

// dtlsEvent follows the association's state.
func (t *transport) dtlsEvent(state dtlstransport.State, err error) {
	if t.pc.isClosed.Load() {
		return
	}
	switch state {
	case dtlstransport.StateConnecting:
		t.dtlsStateChanged(DTLSTransportStateConnecting)
	case dtlstransport.StateConnected:
		t.agent.EndFlights()
		t.keyMedia()
		t.dtlsStateChanged(DTLSTransportStateConnected)
		t.pc.startAssociation()
	case dtlstransport.StateClosed:
		t.endReads()
		t.dtlsStateChanged(DTLSTransportStateClosed)
		t.pc.associationLost(nil)
		if t.pc.api.settings.closeByDTLS {
			go t.pc.Close() // ends with it
		}
	case dtlstransport.StateFailed:
		if !t.startsAgain(err) {
			t.dtlsFailed(err)
		}
	}
}

// dtlsFailed is the end of the association: the error event comes before the
// state's (webrtc-pc §5.5).
func (t *transport) dtlsFailed(err error) {
	if t.dtlsState == DTLSTransportStateFailed {
		return
	}
	t.log.Warn("dtls failed", "reason", err)
	if err == nil {
		err = &rtcerr.RTCError{Detail: rtcerr.DetailDTLSFailure, Err: fmt.Errorf("the association ended")}
	}
	t.pc.fire(func() {
		if f := t.publicDTLS.onError.get(); f != nil {
			f(err)
		}
	})
	t.endReads()
	t.dtlsStateChanged(DTLSTransportStateFailed)
	t.pc.associationLost(err)
}

func (t *transport) setDTLSState(s DTLSTransportState) (changed bool) {
	changed = t.dtlsState != s
	t.dtlsState = s
	t.publicDTLS.state.Store(int32(s))
	return changed
}

// dtlsStateChanged fires the transport's event, then the connection's
// (webrtc-pc §5.5.1).
func (t *transport) dtlsStateChanged(s DTLSTransportState) {
	if !t.setDTLSState(s) {
		return
	}
	t.log.Debug("dtls state", "state", s)
	t.pc.fire(func() {
		if f := t.publicDTLS.onState.get(); f != nil {
			f(s)
		}
	})
	t.pc.refreshStates()
}
