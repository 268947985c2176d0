package e2e

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
)

// TestMixed runs the scripts of testdata/mixed: one run whose tasks are on every
// platform there is.
func TestMixed(t *testing.T) {
	t.Parallel()
	componentEnv(t, "ONRUSH_TEST_AWS", "aws")
	host := componentEnv(t, "DOCKER_HOST", "docker")
	container := dockerAgent(t, "agent-mixed")
	kubeconfig, ctr, client := testCluster(t)
	pod := agentImage(t, ctr)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/mixed",
		Setup: func(env *testscript.Env) error {
			if err := setup(env); err != nil {
				return err
			}
			env.Values[cloudsKey{}] = map[string]*ecstest.Cloud{}
			env.Setenv("DOCKER_HOST", host)
			env.Setenv("CONTAINER_IMAGE", container)
			env.Setenv("KUBECONFIG_FILE", kubeconfig)
			env.Setenv("POD_IMAGE", pod)
			return setNamespace(t, env, client)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"aws": cmdAWS(t), "code": cmdCode, "target": cmdTarget, "serve": cmdServe, "json": cmdJSON, "keep": cmdKeep,
			"swept": cmdSwept,
		},
	})
}
