package webrtc

import (
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/sdp"
)

// agentConfig is what a transport's ICE agent works with.
func (pc *PeerConnection) agentConfig(t *transport) ice.AgentConfig {
	return ice.AgentConfig{
		Lite:    pc.api.settings.lite,
		Flights: pc.api.settings.flightsInChecks,

		Renominate:          pc.api.settings.renomination.enabled,
		NominationValue:     pc.api.settings.renomination.value,
		NominationAttribute: pc.api.settings.renomination.attribute,
		BetterInterval:      pc.api.settings.renomination.interval,

		Timing: pc.api.settings.timing,
		Logger: t.log,

		BindingRequest: pc.api.settings.bindingRequest,
	}
}

// multicastDNSTimeout is how long a peer's .local name is asked for. Chromium
// answers about one question a second, and announces the names of all its
// connections first.
const multicastDNSTimeout = 20 * time.Second

// gathererConfig is what a transport's gatherer works with.
func (pc *PeerConnection) gathererConfig(t *transport) ice.GathererConfig {
	config := pc.api.settings.gathererConfig()
	if ignored := pc.api.settings.ignoredIPs; len(ignored) > 0 {
		t.log.Warn("addresses of SetNAT1To1IPs are not usable", "addresses", ignored)
	}
	config.Servers, config.Policy = pc.gatherServers()
	config.Logger, config.Lite = t.log, pc.api.settings.lite
	config.Continual = !pc.api.settings.gatherOnce
	config.MulticastDNSTimeout = multicastDNSTimeout
	config.Post = func(fn func(now time.Time)) { pc.loop.post(fn) }
	return config
}

// gatherServers returns the servers of the configuration, which has been
// validated, and the policy.
func (pc *PeerConnection) gatherServers() ([]ice.Server, ice.GatherPolicy) {
	policy := ice.GatherAll
	if pc.config.ICETransportPolicy == ICETransportPolicyRelay {
		policy = ice.GatherRelay
	}
	return pc.config.servers(), policy
}

// answerSetup is the role that an answerer takes when the offer leaves the
// choice.
func (e *SettingEngine) answerSetup() sdp.Setup {
	switch e.answeringDTLSRole {
	case DTLSRoleServer:
		return sdp.SetupPassive
	case DTLSRoleClient:
		return sdp.SetupActive
	default:
		return sdp.SetupUnspecified
	}
}
