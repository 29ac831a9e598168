package webrtc

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/parleyrtc/webrtc/datachannel"
	"github.com/parleyrtc/webrtc/internal/dtlstransport"
)

// GetStats returns the figures of the whole connection at one moment (webrtc-pc
// §8.2). It may be called at any time, in handlers and after Close too, when the
// report has what is left.
func (pc *PeerConnection) GetStats() StatsReport {
	c := &statsCollector{pc: pc, report: StatsReport{}, bitrates: map[*transport]uint64{}}
	if pc.loop.call(c.collect) != nil {
		<-pc.loop.ended // what belonged to it does not change any more
		c.collect(time.Now())
	}
	for _, ask := range c.programs {
		ask()
	}
	return c.report
}

// A statsCollector makes a report. It only reads what belongs to the loop, so that
// after the loop's end several may.
type statsCollector struct {
	pc     *PeerConnection
	now    time.Time
	at     StatsTimestamp
	report StatsReport
	// programs are the parts that call the program's code, which never runs on the
	// loop.
	programs []func()
	// bitrates are what the peer thinks that it can receive over each transport.
	bitrates map[*transport]uint64
}

func (c *statsCollector) collect(now time.Time) {
	c.now, c.at = now, statsTime(now)
	c.connection()
	for _, tr := range c.pc.transceivers {
		c.sources(tr)
		if tr.media != nil && tr.transport != nil {
			c.outbound(tr)
			c.inbound(tr)
		}
	}
	for _, t := range c.pc.transports {
		c.transport(t)
	}
}

func (pc *PeerConnection) statsID() string { return pc.id }

func channelStatsID(c *datachannel.Channel) string { return fmt.Sprintf("D%d", c.Stats().Serial) }

func (t *transport) statsID() string { return fmt.Sprintf("T%d", t.id) }

// digest returns a short text that stands for the parts.
func digest(parts ...any) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%q", parts)
	return hex.EncodeToString(h.Sum(nil))
}

func (c *statsCollector) connection() {
	pc := c.pc
	opened, open := uint32(pc.session.Stats().Opened), uint32(0)
	transportID := ""
	if pc.assoc.plan != nil {
		transportID = pc.sctp.Transport().transport.statsID()
	}
	for _, channel := range pc.session.Channels() {
		state := dataChannelState(channel.State())
		if state == DataChannelStateOpen {
			open++
		}
		s := DataChannelStats{
			Timestamp: c.at, Type: StatsTypeDataChannel, ID: channelStatsID(channel),
			Label: channel.Label(), Protocol: channel.Protocol(), DataChannelIdentifier: -1, TransportID: transportID, State: state,
		}
		if id, ok := channel.ID(); ok {
			s.DataChannelIdentifier = int32(id)
		}
		n := channel.Stats()
		s.MessagesSent, s.BytesSent = uint32(n.MessagesSent), n.BytesSent
		s.MessagesReceived, s.BytesReceived = uint32(n.MessagesReceived), n.BytesReceived
		if state != DataChannelStateClosed {
			c.report[s.ID] = s
		}
	}
	// webrtc-stats: channels "that have left the 'open' state"; all of an association
	// that was given up have.
	before := pc.formerChannels
	s := PeerConnectionStats{
		Timestamp: c.at, Type: StatsTypePeerConnection, ID: pc.statsID(),
		DataChannelsOpened: before + opened, DataChannelsClosed: before + opened - min(open, opened),
	}
	c.report[s.ID] = s
}

// transport collects a transport and what belongs to it.
func (c *statsCollector) transport(t *transport) {
	t.noteMediaSent()
	s := TransportStats{
		Timestamp: c.at, Type: StatsTypeTransport, ID: t.statsID(),
		ICERole: ICERole(t.publicICE.role.Load()), ICELocalUsernameFragment: t.localUfrag,
		ICEState: t.iceState, DTLSState: t.dtlsState, DTLSRole: "unknown",
		SelectedCandidatePairChanges: t.pairChanges,
	}
	t.totalTraffic(&s)
	if session := t.media.Load(); session != nil {
		n := session.Stats()
		s.CCFBMessagesSent, s.CCFBMessagesReceived = uint32(n.CongestionSent), uint32(n.CongestionReceived)
	}
	dtls := t.dtls.Load()
	d := dtls.Stats()
	switch d.Role {
	case dtlstransport.Active:
		s.DTLSRole = "client"
	case dtlstransport.Passive:
		s.DTLSRole = "server"
	}
	s.TLSVersion, s.DTLSCipher, s.SRTPCipher = d.Version, d.CipherSuite, d.SRTPCipher
	local := d.LocalCertificate
	if local == nil {
		local = [][]byte{c.pc.config.Certificates[0].x509Cert.Raw}
	}
	s.LocalCertificateID = c.certificates(local)
	s.RemoteCertificateID = c.certificates(dtls.RemoteCertificates())
	c.candidates(t)
	s.SelectedCandidatePairID = c.pairs(t)
	c.report[s.ID] = s
}

func certificateStatsID(der []byte) string {
	sum := sha256.Sum256(der)
	return "CF" + hex.EncodeToString(sum[:])
}

// certificates collects a chain and returns the ID of its first certificate, "" if
// it has none.
func (c *statsCollector) certificates(chain [][]byte) string {
	issuer := ""
	for i := len(chain) - 1; i >= 0; i-- {
		id := certificateStatsID(chain[i])
		f, err := dtlstransport.ComputeFingerprint(chain[i], "sha-256")
		if err != nil {
			panic(fmt.Sprintf("webrtc: sha-256 is known to all: %v", err))
		}
		s := CertificateStats{
			Timestamp: c.at, Type: StatsTypeCertificate, ID: id, Fingerprint: f.Value, FingerprintAlgorithm: f.Algorithm,
			Base64Certificate: base64.StdEncoding.EncodeToString(chain[i]), IssuerCertificateID: issuer,
		}
		c.report[id], issuer = s, id
	}
	return issuer
}
