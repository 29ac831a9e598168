package webrtc

import (
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver"
)

// srtpLabel is what RFC 5764 §4.2 derives the keys of SRTP with.
const srtpLabel = "EXTRACTOR-dtls_srtp"

// startMedia makes the RTP session of a transport when the first description of
// media is set for it. The loop calls it.
func (t *transport) startMedia() *transceiver.Session {
	if s := t.media.Load(); s != nil {
		return s
	}
	s := transceiver.NewSession(transceiver.SessionConfig{
		Send:   t.send,
		Wake:   t.pc.loop.poke,
		CNAME:  t.pc.cname,
		Logger: t.log,
	})
	t.media.Store(s)
	all := append(slices.Clip(*t.pc.mediaTransports.Load()), t)
	t.pc.mediaTransports.Store(&all)
	if t.dtlsState == DTLSTransportStateConnected {
		t.keyMedia()
	}
	return s
}

// keyMedia gives the session the keys of the DTLS association (RFC 5764 §4.2).
func (t *transport) keyMedia() {
	s := t.media.Load()
	if s == nil {
		return
	}
	sealer, opener, err := t.srtp()
	if err != nil {
		t.log.Warn("media cannot be protected", "reason", err)
		return
	}
	t.sealer = sealer
	s.SetKeys(sealer, opener)
	t.pc.refreshReceivers(t) // a renewed association receives again
}

func (t *transport) srtp() (*srtptransport.Sealer, *srtptransport.Opener, error) {
	dtls := t.dtls.Load()
	negotiated, ok := dtls.SelectedProfile()
	if !ok {
		return nil, nil, ErrNoSRTPProtectionProfile
	}
	profile := srtptransport.Profile(negotiated)
	n, err := srtptransport.KeyingMaterialLength(profile)
	if err != nil {
		return nil, nil, err
	}
	material, err := dtls.ExportKeyingMaterial(srtpLabel, n)
	if err != nil {
		return nil, nil, err
	}
	config := t.pc.api.settings.srtp
	config.Logger = t.log
	config.CryptexSend = t.cryptex
	config.CryptexRequired = t.pc.config.RTPHeaderEncryptionPolicy == RTPHeaderEncryptionPolicyRequire
	return srtptransport.New(profile, material, t.dtlsReady.Client, config)
}

// refreshCryptex has header extensions encrypted if every section on the transport
// has agreed to it (RFC 9335 §4): the keys are one.
func (pc *PeerConnection) refreshCryptex(t *transport) {
	on := false
	for _, tr := range pc.transceivers {
		if tr.media == nil || tr.transport != t {
			continue
		}
		if on = tr.media.Cryptex; !on {
			break
		}
	}
	if t.cryptex = on; t.sealer != nil {
		t.sealer.SetCryptex(on)
	}
}

// handleRTP takes a packet of media from a socket's goroutine. It need not come
// from an address that ICE knows: SRTP authenticates it.
func (t *transport) handleRTP(now time.Time, b []byte, ecn uint8) bool {
	s := t.media.Load()
	if s == nil {
		return false
	}
	s.HandleRTP(now, b, ecn)
	return true
}

func (t *transport) handleRTCP(now time.Time, b []byte, ecn uint8) bool {
	s := t.media.Load()
	if s == nil {
		return false
	}
	s.HandleRTCP(now, b, ecn)
	return true
}

// endReads ends the reads of what the transport has received: nothing comes any
// more.
func (t *transport) endReads() {
	if s := t.media.Load(); s != nil {
		s.SetReceivers(nil)
	}
}

// closeMedia says goodbye to the peer (RFC 3550 §6.3.7).
func (t *transport) closeMedia(now time.Time) {
	if s := t.media.Load(); s != nil {
		s.Close(now)
	}
}

// refreshReceivers tells a transport's session what may come in. The loop calls
// it when a description has changed that.
func (pc *PeerConnection) refreshReceivers(t *transport) {
	if t == nil {
		return
	}
	var list []transceiver.Reception
	for _, tr := range pc.transceivers {
		if tr.media == nil || tr.transport != t || tr.stopping {
			continue
		}
		m := tr.media
		p := transceiver.ReceiveParameters{
			Mid:        m.Mid,
			Codecs:     m.ReceiveCodecs,
			Extensions: sessionExtensions(m.ReceiveExtensions),
			RIDs:       m.ReceiveRIDs,
			Receiving:  directionFrom(m.Direction).receives(),
		}
		for _, s := range m.Sources {
			p.Sources = append(p.Sources, transceiver.Source{SSRC: s.SSRC, RTX: s.RTX, FEC: s.FEC, RID: s.RID, CNAME: s.CNAME})
		}
		list = append(list, transceiver.Reception{Receiver: tr.receiver.core, Parameters: p})
	}
	if s := t.media.Load(); s != nil {
		pc.refreshCryptex(t)
		s.SetReceivers(list)
	}
}
