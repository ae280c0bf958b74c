{{- define "sumveil.fullname" -}}
{{- printf "%s" .Release.Name | trunc 40 | trimSuffix "-" }}-coordinator
{{- end }}

{{/* dict "root" . "process" "api" */}}
{{- define "sumveil.selector" -}}
app.kubernetes.io/name: sumveil-coordinator
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .process }}
{{- end }}

{{- define "sumveil.labels" -}}
{{ include "sumveil.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "sumveil.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "sumveil.artifactClaim" -}}
{{ .Values.artifacts.existingClaim | default (printf "%s-artifacts" (include "sumveil.fullname" .)) }}
{{- end }}

{{- define "sumveil.serviceAccount" -}}
{{ include "sumveil.fullname" .root }}-{{ .process }}
{{- end }}
