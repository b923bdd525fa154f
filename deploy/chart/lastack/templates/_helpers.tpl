{{/* Names, labels, and what several templates ask. */}}

{{- define "lastack.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What the Pods are selected by: it never changes. */}}
{{- define "lastack.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lastack.labels" -}}
{{ include "lastack.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The Pod that serves: with ha its holder says so itself. */}}
{{- define "lastack.serving" -}}
{{ include "lastack.selector" . }}
{{- if .Values.ha.enabled }}
lastack.io/serving: "true"
{{- end }}
{{- end -}}

{{- define "lastack.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "lastack.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false: name the account to be used by serviceAccount.name" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "lastack.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The selector of namespaces, as it is written in one line. */}}
{{- define "lastack.namespaces" -}}
{{- $found := list -}}
{{- range $key, $value := .Values.namespaceSelector.matchLabels -}}
{{- $found = append $found (printf "%s=%s" $key $value) -}}
{{- end -}}
{{- range .Values.namespaceSelector.matchExpressions -}}
{{- if eq .operator "Exists" -}}
{{- $found = append $found .key -}}
{{- else if eq .operator "DoesNotExist" -}}
{{- $found = append $found (printf "!%s" .key) -}}
{{- else -}}
{{- $found = append $found (printf "%s %s (%s)" .key (lower .operator) (join "," .values)) -}}
{{- end -}}
{{- end -}}
{{- join "," $found -}}
{{- end -}}

{{/* "true" if there is a listener for preStop hooks. */}}
{{- define "lastack.drain" -}}
{{- if or .Values.drain.enabled .Values.webhook.enabled }}true{{ end -}}
{{- end -}}

{{/* An IP address as it stands before a port. */}}
{{- define "lastack.host" -}}
{{- if contains ":" . }}[{{ . }}]{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{- define "lastack.webhook" -}}
{{ include "lastack.fullname" . }}-webhook
{{- end -}}

{{/* lastack itself derives this name from that of the Service. */}}
{{- define "lastack.webhookSecret" -}}
{{ include "lastack.webhook" . }}-tls
{{- end -}}

{{/* The webhook's configuration has no namespace: two releases must not share it. */}}
{{- define "lastack.webhookConfiguration" -}}
{{ include "lastack.clusterName" . }}
{{- end -}}

{{/* Of what has no namespace: with the release's own, unless that is called alike. */}}
{{- define "lastack.clusterName" -}}
{{- $name := include "lastack.fullname" . -}}
{{- ternary $name (printf "%s-%s" .Release.Namespace $name) (eq $name .Release.Namespace) -}}
{{- end -}}

{{/* Whole seconds of a duration, rounded up. */}}
{{- define "lastack.seconds" -}}
{{- $text := toJson . | trimAll "\"" -}}
{{- $number := regexFind "^[0-9.]+" $text | float64 -}}
{{- $unit := regexFind "[a-z]*$" $text -}}
{{- $factors := dict "ms" 0.001 "s" 1.0 "" 1.0 "m" 60.0 "h" 3600.0 -}}
{{- mulf $number (get $factors $unit) | ceil | int -}}
{{- end -}}

{{/* Whether what is there serves by the other way, with a Lease or without: asked of the cluster, so not by `helm template`. */}}
{{- define "lastack.checkAlone" -}}
{{- $name := include "lastack.fullname" . -}}
{{- $kind := ternary "StatefulSet" "Deployment" .Values.ha.enabled -}}
{{- $owner := ternary "StatefulSet" "ReplicaSet" .Values.ha.enabled -}}
{{- $left := list -}}
{{- with lookup "apps/v1" $kind .Release.Namespace $name -}}
{{- if gt (int .spec.replicas) 0 -}}{{- $left = append $left (printf "%s/%s" (lower $kind) $name) -}}{{- end -}}
{{- end -}}
{{- $release := .Release.Name -}}
{{- range (lookup "v1" "Pod" .Release.Namespace "").items -}}
{{- $owners := list -}}
{{- range .metadata.ownerReferences -}}{{- $owners = append $owners .kind -}}{{- end -}}
{{- if and (eq $release (get (default dict .metadata.labels) "app.kubernetes.io/instance")) (has $owner $owners) -}}
{{- $left = append $left (printf "pod/%s" .metadata.name) -}}
{{- end -}}
{{- end -}}
{{- if $left -}}
{{- fail (printf "%s may serve proxies: with ha.enabled a replica looks at the Lease, without it at nothing, so both would serve, and confirm what the other's proxies still hold. First `kubectl --namespace %s scale --replicas 0 %s/%s`, and wait until its Pods are gone" (join ", " $left) .Release.Namespace (lower $kind) $name) -}}
{{- end -}}
{{- end -}}

{{/* What would not work together, or would be unsafe. */}}
{{- define "lastack.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.ha.enabled) -}}
{{- fail "replicas is more than 1 without ha.enabled: several would serve, and confirm without asking each other's proxies. Set ha.enabled, or replicas to 1" -}}
{{- end -}}
{{- include "lastack.checkAlone" . -}}
{{- if and .Values.ha.enabled .Values.state.persistence.enabled -}}
{{- fail "state.persistence.enabled is of no use with ha.enabled: what the next holder must know is in a ConfigMap. Turn off one of them" -}}
{{- end -}}
{{- if and .Values.webhook.enabled (not .Values.pods.enabled) -}}
{{- fail "webhook.enabled needs pods.enabled: hooks of Pods that are no instances would wait for nothing" -}}
{{- end -}}
{{- if and .Values.drain.enabled (not .Values.pods.enabled) -}}
{{- fail "drain.enabled needs pods.enabled: hooks would wait for nothing" -}}
{{- end -}}
{{- if and .Values.webhook.enabled (not .Values.drain.clusterIP) -}}
{{- fail "webhook.enabled needs drain.clusterIP: preStop hooks are called by the nodes, which have no cluster DNS, so the address must be chosen beforehand. Choose a free one out of the cluster's range for Services: `kubectl get service --namespace default kubernetes` shows one in that range (10.96.0.1: choose 10.96.15.16, say), `kubectl get services --all-namespaces` those that are taken; the lower end of the range (16 to 256 addresses) is given out by itself last" -}}
{{- end -}}
{{- end -}}
