{{/*
The pod of one process. dict:
  root, process, settings (the values of this process), ports (name -> number),
  secrets (list of dict name, items: file name -> key of the Secret), keysSecretName (the signer's, or empty),
  env (name -> value), artifacts (bool), command (list)
Kubernetes hands out secret files as root's, readable by the pod's group; the processes refuse a secret that anybody but they
can read. So a first container copies them into memory with mode 0400.
*/}}
{{- define "sumveil.pod" -}}
metadata:
  labels:
    {{- include "sumveil.labels" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "sumveil.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 40
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .settings }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "sumveil.selector" . | nindent 10 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  initContainers:
    - name: secrets
      image: {{ include "sumveil.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command:
        - sh
        - -ec
        - |
          umask 077
          cp -fL /mnt/secrets/* /run/sumveil/
          {{- if .keysSecretName }}
          mkdir -p /run/sumveil/keys
          cp -fL /mnt/keys/* /run/sumveil/keys/
          {{- end }}
          find /run/sumveil -type f -exec chmod 0400 {} +
          find /run/sumveil -mindepth 1 -type d -exec chmod 0700 {} +
      securityContext:
        {{- include "sumveil.containerSecurity" . | nindent 8 }}
      resources:
        requests: { cpu: 10m, memory: 16Mi }
        limits: { memory: 64Mi }
      volumeMounts:
        - { name: secrets, mountPath: /mnt/secrets, readOnly: true }
        {{- if .keysSecretName }}
        - { name: keys, mountPath: /mnt/keys, readOnly: true }
        {{- end }}
        - { name: private, mountPath: /run/sumveil }
  containers:
    - name: {{ .process }}
      image: {{ include "sumveil.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: {{ toJson .command }}
      securityContext:
        {{- include "sumveil.containerSecurity" . | nindent 8 }}
      {{- with .ports }}
      ports:
        {{- range $name, $port := . }}
        - { name: {{ $name }}, containerPort: {{ $port }} }
        {{- end }}
      {{- end }}
      env:
        {{- range $name, $value := .env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
      {{- if hasKey .ports "ops" }}
      startupProbe:
        httpGet: { path: /healthz, port: ops }
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: { path: /healthz, port: ops }
        periodSeconds: 10
        failureThreshold: 3
      readinessProbe:
        httpGet: { path: /readyz, port: ops }
        periodSeconds: 5
        failureThreshold: 2
      {{- end }}
      {{- with .settings.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - { name: private, mountPath: /run/sumveil, readOnly: true }
        - { name: tmp, mountPath: /tmp }
        {{- if .settings }}
        - { name: public, mountPath: /etc/sumveil, readOnly: true }
        {{- end }}
        {{- if .artifacts }}
        - { name: artifacts, mountPath: /var/lib/sumveil/artifacts }
        {{- end }}
  volumes:
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- range .secrets }}
          - secret:
              name: {{ .name }}
              {{- with .items }}
              items:
                {{- range $path, $key := . }}
                - { key: {{ $key }}, path: {{ $path }} }
                {{- end }}
              {{- end }}
          {{- end }}
    {{- with .keysSecretName }}
    - name: keys
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
    {{- if .settings }}
    - name: public
      configMap: { name: {{ .root.Values.signer.publicConfigMapName }} }
    {{- end }}
    - name: private
      emptyDir: { medium: Memory, sizeLimit: 4Mi }
    - name: tmp
      emptyDir: { sizeLimit: 1Gi }
    {{- if .artifacts }}
    - name: artifacts
      persistentVolumeClaim:
        claimName: {{ include "sumveil.artifactClaim" .root }}
    {{- end }}
{{- end }}

{{- define "sumveil.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* dict as for sumveil.pod */}}
{{- define "sumveil.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "sumveil.serviceAccount" . }}
  labels:
    {{- include "sumveil.labels" . | nindent 4 }}
spec:
  replicas: {{ .settings.replicas }}
  selector:
    matchLabels:
      {{- include "sumveil.selector" . | nindent 6 }}
  template:
    {{- include "sumveil.pod" . | nindent 4 }}
{{- end }}
